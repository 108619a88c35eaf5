import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--clock", "scaled", "--scale"),
        ("clock", "set", "scaled", "--scale"),
        ("wait", "--timeout"),
        ("coverage", "--fail-under"),
    ],
)
@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400"])
def test_a_number_is_finite(run: Run, command: tuple[str, ...], number: str) -> None:
    result = run(*command[:-1], f"{command[-1]}={number}")

    assert result.exit_code == 2
    assert f"Invalid value for '{command[-1]}'" in result.stderr
    assert f"'{number}' is not a finite number." in result.stderr


def test_a_scale_has_a_bound(run: Run) -> None:
    result = run("serve", "--scale", "1000001")

    assert result.exit_code == 2
    assert "1000001.0 is not in the range 0<x<=1000000" in result.stderr
