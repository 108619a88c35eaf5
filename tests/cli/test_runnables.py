from pathlib import Path

from tests.cli.conftest import Run
from xpander_emulator.cli.settings_options import settings_here
from xpander_emulator.settings import Runnable


def test_a_settings_file_lists_workflows_and_agents() -> None:
    Path("emulator.toml").write_text(
        'port = 4999\n\n[[workflows]]\nid = "refunds"\nscenario = "approval"\n\n'
        '[[agents]]\nid = "8e4d21b7"\nname = "Plan adviser"\ndescription = ""\n'
    )

    settings = settings_here()

    assert settings.port == 4999
    assert settings.runnables == (
        Runnable("workflow", "refunds", "refunds", "", "approval"),
        Runnable("agent", "8e4d21b7", "Plan adviser"),
    )


def test_pyproject_toml_lists_them_below_our_section() -> None:
    Path("pyproject.toml").write_text('[tool.emulator]\nseed = 7\n\n[[tool.emulator.agents]]\nid = "mine"\n')

    assert settings_here().runnables == (Runnable("agent", "mine", "mine"),)


def test_every_mistake_in_a_runnable_is_reported_with_its_line(run: Run) -> None:
    Path("emulator.toml").write_text(
        'prot = 1\n\n[[agents]]\nid = "one"\nnmae = "One"\n\n[[agents]]\nname = 5\n\n'
        '[[workflows]]\n  id = "a/b"\n\n[[workflows]]\nid = "two"\n[[agents]]\nid = "two"\n[[agents]]\nid = ""\n'
    )

    result = run("serve")

    assert result.exit_code == 2
    assert result.stderr.split("Error: ")[1].splitlines() == [
        "emulator.toml:1:1: unknown setting 'prot'. Did you mean 'port'?",
        "emulator.toml:5:1: unknown key 'nmae'; an agent has id, name, description, scenario. Did you mean 'name'?",
        'emulator.toml:7:1: an agent needs an id; write id = "…", the id that your program starts',
        "emulator.toml:8:1: name: a text was expected, not 5",
        "emulator.toml:11:3: the id 'a/b' has a slash, which a path cannot contain; leave it out",
        "emulator.toml:16:1: the id 'two' is on line 14 already; choose another one",
        "emulator.toml:18:1: id: a text was expected, not ''",
    ]


def test_what_is_no_list_of_tables_is_refused(run: Run) -> None:
    Path("emulator.toml").write_text('seed = 1\nagents = "mine"\nworkflows = ["mine"]\n')

    stderr = run("serve").stderr

    assert "emulator.toml:2:1: tables were expected; begin each agent with [[agents]]" in stderr
    assert "emulator.toml:3:1: tables were expected; begin each workflow with [[workflows]]" in stderr


def test_an_unknown_scenario_is_reported_with_its_line_before_the_server_starts(run: Run) -> None:
    Path("emulator.toml").write_text('port = 0\n[[agents]]\nid = "mine"\nscenario = "aproval"\n')
    message = "the agent 'mine' takes the scenario 'aproval', which does not exist. Did you mean 'approval'?"

    result, doctor = run("serve"), run("doctor")

    assert result.exit_code == 3
    assert f"emulator.toml:4:1: {message}" in result.stderr
    assert message in doctor.stdout
