import importlib.metadata
import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


def test_doctor_sees_a_running_server(run: Run) -> None:
    with ThreadedServer(Settings(port=0)) as server:
        result = run("doctor", "--port", server.base_url.rpartition(":")[2])

    assert result.exit_code == 0
    assert f"answers at {server.base_url}" in result.stdout


def test_doctor_finds_a_taken_port_and_a_broken_scenario(run: Run) -> None:
    Path("broken.yaml").write_text("scenario: broken\n")
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = run("doctor", "--port", str(other.getsockname()[1]), "-s", "broken.yaml", "-o", "json")

    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 1
    assert "broken.yaml:1:1: 'steps' is missing" in checks["files"]["seen"]
    assert "is in use" in checks["port"]["seen"]


def test_doctor_shows_no_secret(run: Run) -> None:
    shown = run("doctor", "--port", "0", "--token", "hush", "--api-key", "hidden=team").stdout

    assert "hush" not in shown
    assert "hidden" not in shown
    assert "(key)=team" in shown


def test_doctor_checks_a_store_and_creates_none(run: Run) -> None:
    def seen(store: str) -> tuple[bool, str]:
        report = json.loads(run("doctor", "--port", "0", "-o", "json", "--store", store).stdout)
        [check] = [each for each in report["checks"] if each["name"] == "store"]
        return check["ok"], check["seen"]

    assert seen("memory") == (True, "memory")
    assert seen("sqlite:tasks.db") == (True, "sqlite:tasks.db, which `serve` will create")
    assert not Path("tasks.db").exists()
    assert seen("sqlite:nowhere/tasks.db")[0] is False
    ok, message = seen("redis://me:secret@127.0.0.1:1/0")
    assert (ok, message.partition(": Error")[0]) == (False, "The store redis://127.0.0.1:1/0 does not answer")
    assert "secret" not in run("doctor", "--port", "0", "--store", "redis://me:secret@127.0.0.1:1/0").stdout


def test_doctor_shows_the_runnables(run: Run) -> None:
    Path("emulator.toml").write_text('port = 0\n[[agents]]\nid = "mine"\nscenario = "approval"\n')

    report = json.loads(run("doctor", "-o", "json").stdout)

    assert {"name": "runnables", "ok": True, "seen": "agent mine"} in report["checks"]


def test_doctor_names_the_source_of_each_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("emulator.toml").write_text("seed = 7\n")
    monkeypatch.setenv("EMULATOR_CLOCK", "auto")

    report = json.loads(run("doctor", "--port", "0", "-o", "json").stdout)

    sources = {setting["name"]: (setting["value"], setting["source"]) for setting in report["settings"]}
    assert sources["--port"] == (0, "flag")
    assert sources["--clock"] == ("auto", "EMULATOR_CLOCK")
    assert sources["--seed"] == (7, "emulator.toml")
    assert sources["--workers"] == (1, "default")


def test_doctor_says_which_library_would_be_needed_for_what(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", not_installed)

    libraries = json.loads(run("doctor", "--port", "0", "-o", "json").stdout)["libraries"]

    assert libraries["click"] == "not installed"
    assert libraries["uvloop"] == "not installed (faster with it: pip install 'xpander-emulator[fast]')"
    assert libraries["redis"] == "not installed (for --store redis://…: pip install 'xpander-emulator[redis]')"
