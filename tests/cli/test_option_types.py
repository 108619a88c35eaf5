from datetime import UTC, datetime
from typing import Any

import click
import pytest

from tests.cli.conftest import Run
from xpander_emulator.cli.option_types import ApiKey, Instant, JsonText, Origin, Size


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


@pytest.mark.parametrize(
    ("text", "size"),
    [("4096", 4096), ("5MiB", 5_242_880), ("500kB", 500_000), ("1.5 kib", 1536), ("1GB", 1_000_000_000), (7, 7)],
)
def test_a_size_is_read_with_its_unit(text: Any, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "big", "-1", "5 MiBs", "0", "9" * 400])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"write it as 5MiB|at least 1 byte"):
        Size().convert(text, None, None)


def test_an_instant_without_an_offset_is_utc() -> None:
    assert Instant().convert("2026-03-01T12:00:00", None, None) == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert Instant().convert("2026-03-01T12:00:00+02:00", None, None) == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_what_is_no_instant_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="'tomorrow' is not an instant; write it as 2026-01-31T09:30:00Z"):
        Instant().convert("tomorrow", None, None)


@pytest.mark.parametrize(
    ("text", "key"),
    [("k", ("k", None)), ("k=team", ("k", "team")), ("YWJj==", ("YWJj==", None)), ("YWJj===team", ("YWJj==", "team"))],
)
def test_a_key_may_name_its_namespace_and_may_end_with_equals_signs(text: str, key: tuple[str, str | None]) -> None:
    assert ApiKey().convert(text, None, None) == key


def test_an_origin_has_a_scheme_and_no_path() -> None:
    assert Origin().convert("http://localhost:3000/", None, None) == "http://localhost:3000"
    with pytest.raises(click.BadParameter, match="'localhost:3000' is not an origin"):
        Origin().convert("localhost:3000", None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes at line 1, column 2, found the end"),
        ("[1]", 'takes an object such as {"name": "value"}, found [1]'),
    ],
)
def test_json_that_is_no_object_is_refused(text: str, message: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        JsonText(is_object=True).convert(text, None, None)

    assert refused.value.message == message


def test_json_is_parsed() -> None:
    assert JsonText().convert('["a", 1]', None, None) == ["a", 1]
