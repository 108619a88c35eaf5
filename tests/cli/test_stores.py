"""The store that a command line chooses."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_tasks import start
from xpander_emulator.cli.settings_options import settings_here
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


def test_a_path_in_the_settings_file_is_seen_from_there(run: Run) -> None:
    Path("below").mkdir()
    Path("below/mine.toml").write_text('store = "sqlite:tasks.db"\nworkers = 2\n')

    report = json.loads(run("doctor", "--config", "below/mine.toml", "--port", "0", "-o", "json").stdout)

    by_name = {setting["name"]: setting["value"] for setting in report["settings"]}
    assert (by_name["--store"], by_name["--workers"]) == ("sqlite:below/tasks.db", 2)


def test_the_environment_chooses_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMULATOR_STORE", "redis://me:secret@host/3")

    assert settings_here().store == "redis://me:secret@host/3"


def test_what_is_no_store_is_wrong_usage(run: Run) -> None:
    result = run("serve", "--store", "tasks.db")

    assert result.exit_code == 2
    assert "'tasks.db' is no store; write memory, sqlite:PATH or redis://HOST:PORT." in result.stderr


def test_workers_without_a_store_that_they_share_are_wrong_usage(run: Run) -> None:
    result = run("serve", "--port", "0", "--workers", "2")

    assert result.exit_code == 2
    assert "Add --store sqlite:PATH or --store redis://HOST:PORT, or stay with one worker." in result.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_store_that_cannot_be_used_is_a_failed_start(run: Run, workers: str) -> None:
    result = run("serve", "--port", "0", "--store", "sqlite:nowhere/tasks.db", "--workers", workers)

    assert result.exit_code == 3
    assert result.stderr == (
        "Error: The store nowhere/tasks.db cannot be opened. Choose a file in a folder that exists and is yours.\n"
    )


def test_tasks_on_file_outlive_the_server(run: Run) -> None:
    settings = Settings(port=0, store="sqlite:tasks.db")
    with ThreadedServer(settings) as server:
        task_id = start(server.base_url, "approval", "local")

    with ThreadedServer(settings) as server:
        assert task_id in run("tasks", "list", "--url", server.base_url).stdout
