import click
import pytest

from tests.cli.conftest import Run
from xpander_emulator.cli.serve import serve
from xpander_emulator.cli.settings_options import settings_here
from xpander_emulator.settings import Settings


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
    assert settings_here() == Settings()


def test_a_list_in_the_environment_is_split_at_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMULATOR_API_KEY", "a b=team")

    assert settings_here().api_keys == (("a", None), ("b", "team"))


def test_a_slip_in_a_flag_or_a_command_gets_a_suggestion(run: Run) -> None:
    assert "No such option '--prot'. (Did you mean one of: '--host', '--port'?)" in run("serve", "--prot", "1").stderr
    assert "No such command 'serv'. Did you mean 'serve'?" in run("serv").stderr
