from datetime import UTC, datetime
from typing import Any

import click
import pytest

from tests.cli.conftest import Run
from xpander_emulator.cli.serve import serve
from xpander_emulator.cli.settings_options import ApiKey, Instant, Origin, Size
from xpander_emulator.settings import Settings


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


def test_a_key_with_two_namespaces_is_refused(run: Run) -> None:
    result = run("serve", "--api-key", "k=a", "--api-key", "k=b")

    assert result.exit_code == 2
    assert "one key is given two namespaces, 'a' and 'b'; keep one." in result.stderr


def test_every_setting_is_an_option_with_its_own_variable() -> None:
    options = {option.name: option for option in serve.params if isinstance(option, click.Option)}

    # Workflows and agents are tables of the settings file.
    assert set(options) - {"config"} == set(Settings.__slots__) - {"runnables"}
    variables = [option.envvar for option in options.values()]
    assert len(set(variables)) == len(variables)
    assert all(str(variable).startswith("EMULATOR_") for variable in variables)


def test_the_defaults_of_the_options_are_those_of_the_settings() -> None:
    from xpander_emulator.cli.settings_options import settings_here

    assert settings_here() == Settings()


def test_a_list_in_the_environment_is_split_at_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    from xpander_emulator.cli.settings_options import settings_here

    monkeypatch.setenv("EMULATOR_API_KEY", "a b=team")

    assert settings_here().api_keys == (("a", None), ("b", "team"))


def test_a_slip_in_a_flag_or_a_command_gets_a_suggestion(run: Run) -> None:
    assert "No such option '--prot'. (Did you mean one of: '--host', '--port'?)" in run("serve", "--prot", "1").stderr
    assert "No such command 'serv'. Did you mean 'serve'?" in run("serv").stderr
