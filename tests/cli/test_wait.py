from tests.cli.conftest import Run


def test_wait_returns_at_once_when_the_server_is_ready(run: Run, url: str) -> None:
    assert run("wait").exit_code == 0


def test_wait_times_out_with_an_exit_code_of_its_own(run: Run, nobody: str) -> None:
    result = run("wait", "--url", nobody, "--timeout", "0.1")

    assert result.exit_code == 5
    assert result.stderr == f"Error: Not ready after 0.1 s: No server answers at {nobody} (Connection refused).\n"
