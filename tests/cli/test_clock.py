from tests.cli.conftest import Run


def test_the_clock_is_shown_set_and_advanced(run: Run, url: str) -> None:
    assert run("clock", "show").stdout == "manual  2026-01-01T00:00:00.000000Z\n"
    assert "2026-01-01T00:00:30" in run("clock", "advance", "30s").stdout
    assert "2026-01-02T00:00:00" in run("clock", "advance", "--to", "2026-01-02T00:00:00Z").stdout
    assert run("clock", "set", "scaled", "--scale", "120").stdout.startswith("scaled, 120 times  2026-01-02")


def test_a_clock_does_not_go_back(run: Run, url: str) -> None:
    result = run("clock", "advance", "--to", "2025-12-31T00:00:00Z")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_an_advance_needs_a_duration_or_an_instant(run: Run) -> None:
    for arguments in ((), ("30s", "--to", "2026-01-02T00:00:00Z")):
        result = run("clock", "advance", *arguments)
        assert result.exit_code == 2
        assert "Give either a duration, such as 30s, or --to with an instant." in result.stderr
