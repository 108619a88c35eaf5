"""Scenarios are read again by a server that runs, from real files."""

import asyncio
import json
import logging
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines import contract, make_engine
from xpander_emulator.engine.reload import Watcher
from xpander_emulator.server.listening_socket import BadChoice, check
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Runnable, Settings

STORY = (
    "scenario: {name}\nsteps:\n  - {{id: work, status: executing, after: {after}}}\n  - {{id: end, status: {end}}}\n"
)


def write(folder: Path, name: str, end: str = "completed", after: str = "1s") -> Path:
    """Write a story as an editor does, all of it at once."""
    part = folder / f"{name}.part"
    part.write_text(STORY.format(name=name, end=end, after=after))
    return part.replace(folder / f"{name}.yaml")


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", "x-api-key": "local"})
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.load(response)


class Log(logging.Handler):
    """The lines of the emulator's own logger; a waiting test is notified of each."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(lambda record: record.name == "xpander_emulator")
        self.messages: list[str] = []
        self._changed = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        with self._changed:
            self.messages.append(record.getMessage())
            self._changed.notify_all()

    def until(self, holds: Callable[[list[str]], bool]) -> None:
        """Wait until something holds for the messages, twenty seconds at most."""
        with self._changed:
            assert self._changed.wait_for(lambda: holds(self.messages), 20), self.messages


@pytest.fixture
def log() -> Iterator[Log]:
    logger, log = logging.getLogger("xpander_emulator"), Log()
    before = logger.level
    logger.addHandler(log)
    logger.setLevel("INFO")
    yield log
    logger.removeHandler(log)
    logger.setLevel(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "greeting")
    return tmp_path


@pytest.fixture
def url(folder: Path, log: Log) -> Iterator[str]:
    with ThreadedServer(Settings(port=0, clock="manual", scenarios=(folder,), watch=True)) as server:
        yield server.base_url


def test_a_new_file_is_a_new_scenario_for_the_next_start(url: str, folder: Path, log: Log) -> None:
    write(folder, "refund", "failed")

    log.until(bool)
    assert "refund" in ask(f"{url}/__emulator/info")["scenarios"]

    task = ask(f"{url}/v1/workflows/refund/invoke/async", {"input": {"text": "Hi"}})
    assert ask(f"{url}/__emulator/tasks/{task['id']}")["scenario"] == "refund"
    assert "refund" in [item["id"] for item in ask(f"{url}/v1/workflows?per_page=50")["items"]]
    assert log.messages == ["Scenarios read again: added refund."]


def test_a_story_that_has_begun_goes_on_as_it_began(url: str, folder: Path, log: Log) -> None:
    before = ask(f"{url}/v1/workflows/greeting/invoke/async", {"input": {"text": "Hi"}})["id"]
    write(folder, "greeting", "failed", "2s")
    log.until(lambda told: told == ["Scenarios read again: changed greeting."])
    after = ask(f"{url}/v1/workflows/greeting/invoke/async", {"input": {"text": "Hi"}})["id"]

    ask(f"{url}/__emulator/clock/advance", {"by": "2s"})

    assert [ask(f"{url}/v1/tasks/{task}")["status"] for task in (before, after)] == ["completed", "failed"]


def test_a_removed_file_takes_its_scenario_along(url: str, folder: Path, log: Log) -> None:
    write(folder, "refund")
    log.until(lambda told: len(told) == 1)
    (folder / "greeting.yaml").unlink()

    log.until(lambda told: told[1:] == ["Scenarios read again: removed greeting."])

    assert "greeting" not in ask(f"{url}/__emulator/info")["scenarios"]


def test_a_broken_file_leaves_the_last_good_set_until_it_is_mended(url: str, folder: Path, log: Log) -> None:
    file = write(folder, "greeting", "finished", "2")
    log.until(bool)

    assert ask(f"{url}/__emulator/scenarios/greeting")["timeline"][1]["status"] == "completed"
    [broken] = log.messages
    assert broken.splitlines() == [
        f"{file}:3:42: 2 has no unit; write '2s' or '2ms'",
        f"{file}:4:23: unknown status 'finished'; write 'completed'",
        "The scenarios stay as they were until this is mended.",
    ]

    write(folder, "greeting", "failed")
    log.until(lambda told: told[1:] == ["Scenarios read again: changed greeting."])
    assert ask(f"{url}/__emulator/scenarios/greeting")["timeline"][1]["status"] == "failed"


def test_a_file_that_was_only_touched_changes_nothing(url: str, folder: Path, log: Log) -> None:
    (folder / "greeting.yaml").touch()

    log.until(lambda told: told == ["Scenarios read again: they are as they were."])


def test_a_changed_contract_needs_a_restart_and_a_single_file_is_watched(tmp_path: Path, log: Log) -> None:
    spec = tmp_path / "api.yaml"
    spec.write_text("openapi: 3.1.0\ninfo: {title: Mine, version: '1'}\npaths: {}\n")
    file = write(tmp_path, "greeting")
    settings = Settings(port=0, spec=spec, scenarios=(file,), watch=True)

    with ThreadedServer(settings):
        spec.write_text("openapi: 3.1.0\ninfo: {title: Mine, version: '2'}\npaths: {}\n")
        log.until(lambda told: told == [f"{spec} has changed. Restart the server to serve it."])
        write(tmp_path, "other")  # beside it, and none of the settings
        write(tmp_path, "greeting", "failed")
        log.until(lambda told: len(told) == 2)

    assert log.messages[1] == "Scenarios read again: changed greeting."


def test_a_scenario_that_the_settings_list_may_not_go(tmp_path: Path, log: Log) -> None:
    write(tmp_path, "greeting")
    file = write(tmp_path, "refund")
    listed = (Runnable("workflow", "r-1", "Refunds", scenario="refund", file="emulator.toml", line=3),)
    settings = Settings(port=0, scenarios=(tmp_path,), runnables=listed, watch=True)

    with ThreadedServer(settings) as server:
        file.unlink()
        log.until(bool)
        assert "refund" in ask(f"{server.base_url}/__emulator/info")["scenarios"]

    assert log.messages[0].startswith(
        "emulator.toml:3:1: the workflow 'r-1' takes the scenario 'refund', which does not exist"
    )


async def test_what_the_system_does_not_let_it_watch_is_told(tmp_path: Path, log: Log) -> None:
    settings = Settings(scenarios=(tmp_path / "gone" / "greeting.yaml",), watch=True)

    await Watcher(settings).run(make_engine(), contract(), asyncio.Event())

    [message] = log.messages
    assert message.startswith("The scenarios are not watched: No such file or directory")
    assert message.endswith("Restart the server to read them again.")


def test_there_must_be_something_to_watch() -> None:
    with pytest.raises(BadChoice, match="There is nothing to watch: name the folder of your scenarios"):
        check(Settings(watch=True))
