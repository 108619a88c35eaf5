"""Scenarios are read again by a server that runs, from real files."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.binding import BadChoice, check
from emulator.server import ThreadedServer
from emulator.settings import Runnable, Settings
from emulator.watching import Watcher
from tests.engines import contract, make_engine

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


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, ten seconds at most."""
    ends = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends, "It has not come to hold within ten seconds."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "greeting")
    return tmp_path


@pytest.fixture
def url(folder: Path, caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    with (
        caplog.at_level("INFO", "emulator"),
        ThreadedServer(Settings(port=0, clock="manual", scenarios=(folder,), watch=True)) as server,
    ):
        yield server.base_url


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "emulator"]


def test_a_new_file_is_a_new_scenario_for_the_next_start(
    url: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, "refund", "failed")

    until(lambda: "refund" in ask(f"{url}/__emulator/info")["scenarios"])

    task = ask(f"{url}/v1/workflows/refund/invoke/async", {"input": {"text": "Hi"}})
    assert ask(f"{url}/__emulator/tasks/{task['id']}")["scenario"] == "refund"
    assert "refund" in [item["id"] for item in ask(f"{url}/v1/workflows?per_page=50")["items"]]
    assert told(caplog) == ["Scenarios read again: added refund."]


def test_a_story_that_has_begun_goes_on_as_it_began(url: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = ask(f"{url}/v1/workflows/greeting/invoke/async", {"input": {"text": "Hi"}})["id"]
    write(folder, "greeting", "failed", "2s")
    until(lambda: told(caplog) == ["Scenarios read again: changed greeting."])
    after = ask(f"{url}/v1/workflows/greeting/invoke/async", {"input": {"text": "Hi"}})["id"]

    ask(f"{url}/__emulator/clock/advance", {"by": "2s"})

    assert [ask(f"{url}/v1/tasks/{task}")["status"] for task in (before, after)] == ["completed", "failed"]


def test_a_removed_file_takes_its_scenario_along(url: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, "refund")
    until(lambda: len(told(caplog)) == 1)
    (folder / "greeting.yaml").unlink()

    until(lambda: "greeting" not in ask(f"{url}/__emulator/info")["scenarios"])

    assert told(caplog)[-1] == "Scenarios read again: removed greeting."


def test_a_broken_file_leaves_the_last_good_set_until_it_is_mended(
    url: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = write(folder, "greeting", "finished", "2")
    until(lambda: bool(told(caplog)))

    assert ask(f"{url}/__emulator/scenarios/greeting")["timeline"][1]["status"] == "completed"
    [broken] = told(caplog)
    assert broken.splitlines() == [
        f"{file}:3:42: 2 has no unit; write '2s' or '2ms'",
        f"{file}:4:23: unknown status 'finished'; write 'completed'",
        "The scenarios stay as they were until this is mended.",
    ]

    write(folder, "greeting", "failed")
    until(lambda: ask(f"{url}/__emulator/scenarios/greeting")["timeline"][1]["status"] == "failed")
    assert told(caplog)[1:] == ["Scenarios read again: changed greeting."]


def test_a_file_that_was_only_touched_changes_nothing(url: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "greeting.yaml").touch()

    until(lambda: told(caplog) == ["Scenarios read again: they are as they were."])


def test_a_changed_contract_needs_a_restart_and_a_single_file_is_watched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spec = tmp_path / "api.yaml"
    spec.write_text("openapi: 3.1.0\ninfo: {title: Mine, version: '1'}\npaths: {}\n")
    file = write(tmp_path, "greeting")
    settings = Settings(port=0, spec=spec, scenarios=(file,), watch=True)

    with caplog.at_level("INFO", "emulator"), ThreadedServer(settings):
        spec.write_text("openapi: 3.1.0\ninfo: {title: Mine, version: '2'}\npaths: {}\n")
        until(lambda: told(caplog) == [f"{spec} has changed. Restart the server to serve it."])
        write(tmp_path, "other")  # beside it, and none of the settings
        write(tmp_path, "greeting", "failed")
        until(lambda: len(told(caplog)) == 2)

    assert told(caplog)[1] == "Scenarios read again: changed greeting."


def test_a_scenario_that_the_settings_list_may_not_go(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "greeting")
    file = write(tmp_path, "refund")
    listed = (Runnable("workflow", "r-1", "Refunds", scenario="refund", file="emulator.toml", line=3),)
    settings = Settings(port=0, scenarios=(tmp_path,), runnables=listed, watch=True)

    with caplog.at_level("INFO", "emulator"), ThreadedServer(settings) as server:
        file.unlink()
        until(lambda: bool(told(caplog)))
        assert "refund" in ask(f"{server.base_url}/__emulator/info")["scenarios"]

    assert told(caplog)[0].startswith(
        "emulator.toml:3:1: the workflow 'r-1' takes the scenario 'refund', which is not there"
    )


async def test_what_the_system_does_not_let_it_watch_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(scenarios=(tmp_path / "gone" / "greeting.yaml",), watch=True)

    await Watcher(settings).run(make_engine(), contract(), asyncio.Event())

    [message] = told(caplog)
    assert message.startswith("The scenarios are not watched: No such file or directory")
    assert message.endswith("Restart the server to read them again.")


def test_there_must_be_something_to_watch() -> None:
    with pytest.raises(BadChoice, match="There is nothing to watch: name the folder of your scenarios"):
        check(Settings(watch=True))
