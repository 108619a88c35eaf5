import json
from pathlib import Path

import click
import pytest

from tests.cli.conftest import Run
from xpander_emulator.cli.doctor import doctor
from xpander_emulator.cli.exec import execute
from xpander_emulator.cli.option_types import Existing, OutputFile
from xpander_emulator.cli.serve import serve
from xpander_emulator.cli.settings_options import settings_from, settings_here


def test_without_a_file_the_defaults_stand() -> None:
    settings = settings_here()

    assert (settings.port, settings.clock, settings.seed, settings.max_body) == (4020, "real", 1, 5 * 1024 * 1024)


def test_emulator_toml_gives_defaults() -> None:
    Path("emulator.toml").write_text(
        'port = 4999\nclock = "manual"\nmax_body = "2kB"\nstrict = true\napi-key = ["a=team", "b"]\n'
    )

    settings = settings_here()

    assert (settings.port, settings.clock, settings.max_body, settings.strict) == (4999, "manual", 2000, True)
    assert settings.api_keys == (("a", "team"), ("b", None))


def test_pyproject_toml_is_read_where_it_has_our_section() -> None:
    Path("pyproject.toml").write_text('[project]\nname = "mine"\n\n[tool.emulator]\nseed = 7\n')

    assert settings_here().seed == 7


def test_a_pyproject_toml_without_our_section_is_left_alone() -> None:
    Path("pyproject.toml").write_text('[project]\nname = "mine"\n')

    assert settings_here().seed == 1


def test_emulator_toml_goes_before_pyproject_toml() -> None:
    Path("emulator.toml").write_text("seed = 1001\n")
    Path("pyproject.toml").write_text("[tool.emulator]\nseed = 7\n")

    assert settings_here().seed == 1001


def test_the_environment_goes_before_the_file_and_a_flag_before_both(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("emulator.toml").write_text("seed = 1\nport = 1\nmax_tasks = 5\n")
    monkeypatch.setenv("EMULATOR_SEED", "2")
    monkeypatch.setenv("EMULATOR_PORT", "2")

    report = json.loads(run("doctor", "--port", "0", "-o", "json").stdout)

    by_name = {setting["name"]: (setting["value"], setting["source"]) for setting in report["settings"]}
    assert by_name["--port"] == (0, "flag")
    assert by_name["--seed"] == (2, "EMULATOR_SEED")
    assert by_name["--max-tasks"] == (5, "emulator.toml")
    assert by_name["--clock"] == ("real", "default")


def test_paths_count_from_the_folder_of_the_file(run: Run) -> None:
    Path("conf/folder").mkdir(parents=True)
    Path("conf/emulator.toml").write_text('scenarios = ["folder"]\n')

    report = json.loads(run("doctor", "--config", "conf/emulator.toml", "--port", "0", "-o", "json").stdout)

    assert {"name": "--scenarios", "value": ["conf/folder"], "source": "conf/emulator.toml"} in report["settings"]


def test_every_mistake_of_the_file_is_reported_with_its_line(run: Run) -> None:
    Path("emulator.toml").write_text('# mine\nprot = 4020\nclock = "fast"\ncors = "http://localhost:3000"\n')

    result = run("serve")

    assert result.exit_code == 2
    assert "emulator.toml:2:1: unknown setting 'prot'. Did you mean 'port'?" in result.stderr
    assert "emulator.toml:3:1: clock: 'fast' is not one of 'real', 'scaled', 'manual', 'auto'." in result.stderr
    assert 'emulator.toml:4:1: cors: a list was expected; write ["http://localhost:3000"].' in result.stderr


def test_in_pyproject_toml_the_line_is_that_of_our_section(run: Run) -> None:
    Path("pyproject.toml").write_text("[tool.other]\nsede = 1\n\n[tool.emulator]\nsede = 2\n")

    assert "pyproject.toml:5:1: unknown setting 'sede'. Did you mean 'seed'?" in run("serve").stderr


def test_a_file_that_is_no_toml_is_refused(run: Run) -> None:
    Path("emulator.toml").write_text("port 4020\n")

    result = run("serve")

    assert result.exit_code == 2
    assert "emulator.toml: is not TOML" in result.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("port = 4105.9", "port: a whole number was expected, found 4105.9."),
        ("seed = true", "seed: a number or a text was expected, found true."),
        ("strict = 1", "strict: true or false was expected, found 1."),
        ('scenarios = "folder"', 'scenarios: a list was expected; write ["folder"].'),
    ],
)
def test_a_value_of_another_type_is_refused_and_never_bent(run: Run, line: str, message: str) -> None:
    Path("emulator.toml").write_text(line + "\n")

    result = run("doctor")

    assert result.exit_code == 2
    assert f"emulator.toml:1:1: {message}" in result.stderr


@pytest.mark.parametrize("value", ["../mine.json", "sub/../../mine.json", "/etc/mine.json", "out/mine.json"])
@pytest.mark.parametrize(("key", "scheme"), [("ready_file", ""), ("store", "sqlite:")])
def test_a_file_to_write_outside_of_the_settings_file_s_folder_is_refused(
    run: Run, empty_folder: Path, key: str, scheme: str, value: str
) -> None:
    (empty_folder / "repo").mkdir()
    (empty_folder / "repo" / "out").symlink_to(empty_folder)
    (empty_folder / "repo" / "emulator.toml").write_text(f'port = 0\n{key} = "{scheme}{value}"\n')
    mine = empty_folder / "mine.json"
    mine.write_text('{"url": "http://127.0.0.1:4020", "pid": 1}')
    outside = Path("/etc/mine.json").resolve() if value.startswith("/") else mine

    result = run("doctor", "--config", "repo/emulator.toml")

    assert result.exit_code == 2
    assert (
        f"repo/emulator.toml:2:1: {key}: {outside} is outside of {empty_folder / 'repo'}; a settings file names files"
        f" to write in its own folder only. Name one there, or use the flag --{key.replace('_', '-')}."
    ) in result.stderr
    assert mine.exists()


def test_a_link_in_the_folder_that_leads_out_of_it_is_outside(run: Run, empty_folder: Path) -> None:
    (empty_folder / "repo").mkdir()
    (empty_folder / "mine.db").write_text("important")
    (empty_folder / "repo" / "tasks.db").symlink_to("../mine.db")
    (empty_folder / "repo" / "emulator.toml").write_text('store = "sqlite:tasks.db"\n')

    result = run("doctor", "--config", "repo/emulator.toml")

    assert result.exit_code == 2
    assert f"store: {empty_folder / 'mine.db'} is outside of {empty_folder / 'repo'};" in result.stderr


def test_a_file_to_write_inside_the_folder_and_one_to_read_anywhere_are_taken(empty_folder: Path) -> None:
    (empty_folder / "folder").mkdir()
    repo = empty_folder / "repo"
    repo.mkdir()
    (repo / "emulator.toml").write_text(
        f'ready_file = "{repo}/ready.json"\nstore = "sqlite:data/../tasks.db"\nscenarios = ["../folder"]\n'
    )

    with serve.make_context("serve", ["--config", "repo/emulator.toml"]) as ctx:
        settings = settings_from(ctx.params)

    assert settings.ready_file == repo / "ready.json"
    assert settings.store == "sqlite:repo/data/../tasks.db"
    assert settings.scenarios == (Path("repo/../folder"),)


def test_flags_and_variables_name_files_anywhere(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "emulator.toml").write_text("seed = 1\n")
    monkeypatch.setenv("EMULATOR_READY_FILE", "../ready.json")

    with serve.make_context("serve", ["--store", "sqlite:../tasks.db"]) as ctx:
        settings = settings_from(ctx.params)

    assert (settings.ready_file, settings.store) == (Path("../ready.json"), "sqlite:../tasks.db")


def test_every_option_that_takes_a_path_says_whether_it_is_read_or_written() -> None:
    """A path of another type would not be held to the folder of its settings file."""
    paths = {
        option.name: type(option.type)
        for command in (serve, execute, doctor)
        for option in command.params
        if isinstance(option.type, click.Path) and not option.is_eager
    }

    assert {name for name, kind in paths.items() if kind is OutputFile} == {
        *("ready_file", "coverage_json", "junit", "html", "markdown")
    }
    assert {name for name, kind in paths.items() if kind is Existing} == {"spec", "scenarios", "playlist"}
    assert len(paths) == 8
