"""Where tasks are kept, as the command line chooses it, and a namespace as a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_tasks import start
from xpander_emulator.cli.options import settings_here
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ThreadedServer(Settings(port=0, clock="manual", store="sqlite:tasks.db")) as server:
        monkeypatch.setenv("EMULATOR_URL", server.base_url)
        yield server.base_url


def test_a_path_in_the_settings_file_is_seen_from_there(run: Run) -> None:
    Path("below").mkdir()
    Path("below/mine.toml").write_text('store = "sqlite:tasks.db"\nworkers = 2\n')

    found = json.loads(run("doctor", "--config", "below/mine.toml", "--port", "0", "-o", "json").stdout)

    by_name = {setting["name"]: setting["value"] for setting in found["settings"]}
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


def test_the_doctor_looks_at_the_store_and_makes_none(run: Run) -> None:
    def seen(store: str) -> tuple[bool, str]:
        report = json.loads(run("doctor", "--port", "0", "-o", "json", "--store", store).stdout)
        [check] = [each for each in report["checks"] if each["name"] == "store"]
        return check["ok"], check["seen"]

    assert seen("memory") == (True, "memory")
    assert seen("sqlite:tasks.db") == (True, "sqlite:tasks.db, which will be made")
    assert not Path("tasks.db").exists()
    assert seen("sqlite:nowhere/tasks.db")[0] is False
    ok, told = seen("redis://me:secret@127.0.0.1:1/0")
    assert (ok, told.partition(": Error")[0]) == (False, "The store redis://127.0.0.1:1/0 does not answer")
    assert "secret" not in run("doctor", "--port", "0", "--store", "redis://me:secret@127.0.0.1:1/0").stdout


def test_a_namespace_goes_through_a_file_unchanged(run: Run, url: str) -> None:
    first, second = start(url, "approval", "local"), start(url, "sub_agents", "local")

    written = run("export", "demo.json")
    imported = run("import", "demo.json", "--namespace", "demo")
    again = run("export", "-", "--namespace", "demo")

    assert (written.exit_code, written.stdout, written.stderr) == (0, "", "Wrote 4 tasks to demo.json.\n")
    assert imported.stdout == "4 tasks in the namespace 'demo'.\n"
    assert again.stdout == Path("demo.json").read_text(encoding="utf-8")
    lines = again.stdout.splitlines()
    assert [lines[0], lines[-1]] == ["{", "}"]
    assert any(line.startswith('{"format": 2, "id": "' + first) for line in lines)
    listed = run("tasks", "list", "--namespace", "demo").stdout
    assert first in listed
    assert second in listed


def test_an_empty_namespace_is_a_file_too(run: Run, url: str) -> None:
    assert json.loads(run("export", "-").stdout)["tasks"] == []


def test_an_import_over_tasks_is_refused_unless_they_may_be_replaced(run: Run, url: str) -> None:
    start(url, "approval", "local")
    run("export", "demo.json")

    refused = run("import", "demo.json")
    assert refused.exit_code == 1
    assert "Error: Namespace 'default' has 1 tasks. Replace them, or import into another one." in refused.stderr
    assert run("import", "demo.json", "--replace").stdout == "1 task in the namespace 'default'.\n"


def test_a_file_that_was_not_exported_is_told(run: Run, url: str) -> None:
    Path("text.json").write_text("no JSON")
    Path("other.json").write_text("{}")
    Path("bytes.json").write_bytes(b'{"a": "\xff"}')

    assert (
        "text.json is no file that `export` has written: Expecting value at line 1, column 1, found 'n'."
        in run("import", "text.json").stderr
    )
    assert "bytes.json is not UTF-8: byte 7 is 0xff." in run("import", "bytes.json").stderr
    assert "Field required" in run("import", "other.json").stderr
    assert (
        "nowhere/demo.json cannot be written: No such file or directory." in run("export", "nowhere/demo.json").stderr
    )


def test_tasks_on_file_outlive_the_server(run: Run) -> None:
    settings = Settings(port=0, store="sqlite:tasks.db")
    with ThreadedServer(settings) as server:
        task_id = start(server.base_url, "approval", "local")

    with ThreadedServer(settings) as server:
        assert task_id in run("tasks", "list", "--url", server.base_url).stdout
