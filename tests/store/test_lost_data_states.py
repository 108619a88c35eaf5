"""Two engines over one Redis that is flushed, or crashes and goes back to its last snapshot, between any two acts."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.engines import make_engine, start
from tests.profiles import examples
from tests.redis_server import RedisServer
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.views import View
from xpander_emulator.errors import Conflict, NotFound
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.redis.store import RedisStore

T = TypeVar("T")
ENGINES = st.sampled_from([0, 1])
NAMESPACES = st.sampled_from(["alice", "bob"])
# One that both have, and one that begins anew with each database.
IDS = st.sampled_from(["shared", None])
STORIES = st.sampled_from(["completed", "external_worker"])


class Known(NamedTuple):
    """What the last writer of a task has put into it."""

    text: str
    title: str | None = None


class LostDataMachine(RuleBasedStateMachine):
    """Holds what is answered for a namespace and an id against what was put there since the data was lost."""

    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.server.drop_snapshot()
        self.server.flush()
        self.stores = [RedisStore(self.server.url, self.server.url) for _ in range(2)]
        self.engines: list[Engine] = [make_engine(store) for store in self.stores]
        self.tasks: dict[tuple[str, str], Known] = {}
        self.saved: dict[tuple[str, str], Known] = {}
        self.ids: set[str] = {"shared"}
        self.writes = 0

    def teardown(self) -> None:
        for store in self.stores:
            self.run_(store.close())
        self.loop.close()

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def written(self, what: str) -> str:
        self.writes += 1
        return f"{what} {self.writes}"

    @rule(engine=ENGINES, namespace=NAMESPACES, story=STORIES, task_id=IDS)
    def start(self, engine: int, namespace: str, story: str, task_id: str | None) -> None:
        text = self.written(f"text of {namespace}")
        body = {"input": {"text": text}} | ({} if task_id is None else {"id": task_id})
        try:
            view = self.run_(self.engines[engine].start(namespace, start(story, **body)))
        except Conflict:
            assert (namespace, task_id) in self.tasks
            return
        self.ids.add(view.task_state.task.id)
        self.tasks[namespace, view.task_state.task.id] = Known(text)
        self.check(namespace, view.task_state.task.id, view)

    @rule(engine=ENGINES, namespace=NAMESPACES, data=st.data())
    def update(self, engine: int, namespace: str, data: st.DataObject) -> None:
        task_id = data.draw(st.sampled_from(sorted(self.ids)))
        title = self.written("title")
        try:
            view = self.run_(self.engines[engine].signal(namespace, task_id, "update", payload={"title": title}))
        except NotFound:
            assert (namespace, task_id) not in self.tasks
        except Conflict:
            assert (namespace, task_id) in self.tasks
        else:
            self.tasks[namespace, task_id] = self.tasks[namespace, task_id]._replace(title=title)
            self.check(namespace, task_id, view)

    @rule(engine=ENGINES, namespace=NAMESPACES, data=st.data())
    def delete(self, engine: int, namespace: str, data: st.DataObject) -> None:
        task_id = data.draw(st.sampled_from(sorted(self.ids)))
        try:
            self.run_(self.engines[engine].delete(namespace, task_id))
        except NotFound:
            assert (namespace, task_id) not in self.tasks
        else:
            del self.tasks[namespace, task_id]

    @rule(engine=ENGINES, namespace=NAMESPACES)
    def advance(self, engine: int, namespace: str) -> None:
        self.run_(self.engines[engine].advance(namespace, 1_000))

    @rule()
    def flush(self) -> None:
        self.server.flush()
        self.tasks = {}

    @rule()
    def save(self) -> None:
        self.server.save()
        self.saved = dict(self.tasks)

    @rule()
    def crash(self) -> None:
        self.server.kill()
        self.server.start()
        for store in self.stores:
            # The first who asks may find the lost connection.
            with suppress(StoreUnavailable):
                self.run_(store.count())
        self.tasks = dict(self.saved)

    @invariant()
    def each_key_is_answered_with_its_own_tasks(self) -> None:
        for engine in self.engines:
            for namespace in ("alice", "bob"):
                listed = self.run_(engine.task_states.select(namespace, lambda task: True))
                assert {task.id for task in listed} == {known for owner, known in self.tasks if owner == namespace}
                for task_id in self.ids:
                    self.poll(engine, namespace, task_id)

    @invariant()
    def all_agree_on_the_time(self) -> None:
        for namespace in ("alice", "bob"):
            one, other = (self.run_(engine.task_states.now(namespace)) for engine in self.engines)
            assert one == other

    def poll(self, engine: Engine, namespace: str, task_id: str) -> None:
        try:
            view = self.run_(engine.read(namespace, task_id))
        except NotFound:
            assert (namespace, task_id) not in self.tasks
        else:
            self.check(namespace, task_id, view)

    def check(self, namespace: str, task_id: str, view: View) -> None:
        assert (view.task_state.namespace, view.body["id"]) == (namespace, task_id)
        assert Known(view.body["input"]["text"], view.body["title"]) == self.tasks[namespace, task_id]


LostDataMachine.TestCase.settings = examples(60, stateful_step_count=20)
TestLostData = LostDataMachine.TestCase


@pytest.fixture(autouse=True, scope="module")
def own_redis() -> Iterator[None]:
    with RedisServer() as server:
        LostDataMachine.server = server
        yield
