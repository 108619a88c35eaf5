"""Two API keys on one server: nothing that one does shows or changes anything of the other, over every store."""

import asyncio
import json
import os
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import httpx2
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.profiles import examples
from tests.redis_server import RedisServer
from tests.web.api_client import Api
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

T = TypeVar("T")
Json = dict[str, Any]
CONTROL = {"host": "127.0.0.1"}
WHO = st.sampled_from(["ada", "bob"])
# Both choose from the same few ids, so that each meets those of the other.
IDS = st.sampled_from([f"0000000{number}-0000-4000-8000-000000000000" for number in range(4)])
STORIES = st.sampled_from(["completed", "approval", "sub_agents", "flaky", "polled", "nonsense"])
SIGNALS = st.sampled_from(["approve", "reject", "stop", "update", "skip"])
SCOPES = st.sets(st.sampled_from(["tasks", "journal", "clock", "pins", "faults"]), max_size=3)
FAULTS = st.lists(st.sampled_from(["server-error", "slow-body", {"status": 429, "operation": "getTask"}]), max_size=2)
# All that a person can see of a namespace; none of it is a request of the emulated API, which would leave its trace.
SIGHTS = ("tasks?per_page=500", "export", "clock", "scenarios", "faults", "requests?per_page=500", "requests/unmatched")


class TwoKeys(RuleBasedStateMachine):
    """One of the two acts; then the other's sights are as they were, and the answer held nothing of the other's."""

    store: ClassVar[str] = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        choice = self.store.replace("FOLDER", self.folder.name)
        self.app = create_app(Settings(clock="manual", store=choice))
        self.people = {name: Api(self.app, f"{name}-{os.urandom(4).hex()}") for name in ("ada", "bob")}

    def teardown(self) -> None:
        self.run_(self.app.close())
        self.loop.close()
        self.folder.cleanup()

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def sights(self, name: str) -> list[str]:
        async def look() -> list[str]:
            http = self.people[name].http
            return [(await http.get(f"/__emulator/{sight}", headers=CONTROL)).text for sight in SIGHTS]

        return self.run_(look())

    def act(self, who: str, method: str, path: str, body: Any = None, **query: str) -> httpx2.Response:
        """Let somebody do something, and hold it to the law."""
        [other] = [name for name in self.people if name != who]
        before = self.sights(other)

        answer = self.run_(
            self.people[who].http.request(
                method, path, json=body, params=query, headers=CONTROL if path.startswith("/__emulator") else None
            )
        )

        assert mark(other) not in answer.text
        assert self.people[other].namespace not in answer.text
        assert self.sights(other) == before
        return answer

    @initialize()
    def both_live_here(self) -> None:
        for who in self.people:
            self.start(who, "approval", None)
            self.act(who, "PUT", "/__emulator/scenarios/default", {"scenario": "failed"})

    @rule(who=WHO, story=STORIES, task_id=IDS | st.none())
    def start(self, who: str, story: str, task_id: str | None) -> None:
        body = {"input": {"text": mark(who)}, "title": mark(who), **({"id": task_id} if task_id else {})}
        self.act(who, "POST", f"/v1/workflows/{story}/invoke/async", body)

    @rule(who=WHO, task_id=IDS, parent=IDS)
    def start_below(self, who: str, task_id: str, parent: str) -> None:
        body = {"input": {"text": mark(who)}, "id": task_id, "parent_execution_id": parent}
        self.act(who, "POST", "/v1/workflows/completed/invoke/async", body)

    @rule(who=WHO, task_id=IDS, what=st.sampled_from(["", "/thread", "/thread/full", "/status", "/activity-log"]))
    def read(self, who: str, task_id: str, what: str) -> None:
        self.act(who, "GET", f"/v1/tasks/{task_id}{what}")

    @rule(who=WHO, task_id=IDS)
    def delete(self, who: str, task_id: str) -> None:
        self.act(who, "DELETE", f"/v1/tasks/{task_id}")

    @rule(who=WHO, task_id=IDS, decision=st.sampled_from(["approve", "reject"]))
    def decide(self, who: str, task_id: str, decision: str) -> None:
        self.act(who, "POST", f"/hitl/{task_id}/{decision}", {"reason": mark(who)})

    @rule(who=WHO, path=st.sampled_from(["/v1/tasks", "/v1/workflows", "/v1/agents", "/v1/nothing"]))
    def list_all(self, who: str, path: str) -> None:
        self.act(who, "GET", path)

    @rule(who=WHO, task_id=IDS, kind=SIGNALS)
    def signal(self, who: str, task_id: str, kind: str) -> None:
        self.act(who, "POST", f"/__emulator/tasks/{task_id}/signals", {"signal": kind, "payload": {"title": mark(who)}})
        self.act(who, "POST", f"/__emulator/tasks/{task_id}/skip", {})
        self.act(who, "GET", f"/__emulator/tasks/{task_id}")

    @rule(who=WHO, by=st.sampled_from(["1s", "2h"]), mode=st.sampled_from(["manual", "auto"]))
    def move_the_clock(self, who: str, by: str, mode: str) -> None:
        self.act(who, "POST", "/__emulator/clock/advance", {"by": by})
        self.act(who, "PUT", "/__emulator/clock", {"mode": mode})

    @rule(who=WHO, story=STORIES)
    def pin(self, who: str, story: str) -> None:
        self.act(who, "POST", "/__emulator/scenarios/next", {"scenario": story})
        self.act(who, "PUT", "/__emulator/scenarios/default", {"scenario": story})

    @rule(who=WHO, faults=FAULTS)
    def set_faults(self, who: str, faults: list[Any]) -> None:
        self.act(who, "PUT", "/__emulator/faults", {"faults": faults})

    @rule(who=WHO, scopes=SCOPES)
    def reset(self, who: str, scopes: set[str]) -> None:
        self.act(who, "POST", "/__emulator/reset", {"scope": sorted(scopes)} if scopes else None)

    @rule(who=WHO)
    def find_requests(self, who: str) -> None:
        self.act(who, "POST", "/__emulator/requests/find", {"path": "*"})
        self.act(who, "POST", "/__emulator/requests/count", {})
        self.act(who, "GET", "/__emulator/requests/1")

    @rule(who=WHO)
    def export_and_import(self, who: str) -> None:
        document = json.loads(self.act(who, "GET", "/__emulator/export").text)
        self.act(who, "POST", "/__emulator/import", document, replace="true")


def mark(who: str) -> str:
    """Return the text that all of somebody's tasks carry."""
    return f"this-is-of-{who}"


class OnSqlite(TwoKeys):
    store = "sqlite:FOLDER/tasks.db"


@pytest.mark.long
def test_two_keys_never_meet() -> None:
    run_state_machine_as_test(TwoKeys, settings=examples(15, stateful_step_count=15))


@pytest.mark.long
def test_two_keys_never_meet_in_a_file() -> None:
    run_state_machine_as_test(OnSqlite, settings=examples(5, stateful_step_count=15))


@pytest.mark.long
def test_two_keys_never_meet_in_redis(running_redis: RedisServer) -> None:
    class OnRedis(TwoKeys):
        store = running_redis.url

    run_state_machine_as_test(OnRedis, settings=examples(5, stateful_step_count=15))


@pytest.mark.parametrize("store", ["sqlite", "redis"])
async def test_namespaces_and_ids_whose_names_run_together_do_not_meet(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    choice = f"sqlite:{tmp_path / 'tasks.db'}" if store == "sqlite" else request.getfixturevalue("redis_url")
    app = create_app(Settings(store=choice, api_keys=(("a", "x"), ("b", "x:y"), ("c", "x%"))))

    for task_id in ("y:t", "t", "=t", ":t"):
        await Api(app, "a").start("sub_agents", id=task_id)

    for key in ("b", "c"):
        found = [(await Api(app, key).http.get(f"/v1/tasks/{each}")).status_code for each in ("y:t", "t", "=t", ":t")]
        assert (found, await Api(app, key).listed()) == ([404] * 4, [])
    await app.close()
