"""The engine under any order of acts: no illegal transition, and no two readers with different histories."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from tests.engines import catalogue, contract, make_engine, start
from tests.profiles import examples
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.core.replay import Visit
from xpander_emulator.core.status import Status, may_be_updated, may_follow
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.engine.views import View
from xpander_emulator.errors import BadRequest, Conflict, NotFound
from xpander_emulator.scenario.paths import ScenarioPath, paths

T = TypeVar("T")
NAMESPACES = st.sampled_from(["one", "two"])
SIGNALS = st.sampled_from(
    ["approve", "reject", "authorize", "deny", "expire", "stop", "webhook_received", "update", "nonsense"]
)
UPDATES = st.fixed_dictionaries(
    {}, optional={"status": st.sampled_from([*Status, "odd"]), "internal_status": st.text(max_size=5)}
)
Place = tuple[str, str]
PATHS = [path for story in catalogue().values() for path in paths(story.timeline)]


class EngineMachine(RuleBasedStateMachine):
    """Starts, reads, signals, skips, advances, stops, deletes and resets, over both kinds of virtual clock."""

    places: Bundle[Place] = Bundle("places")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.engine: Engine = make_engine()
        self.histories: dict[tuple[str, str, int], tuple[Visit, ...]] = {}
        self.ids: set[Place] = set()

    def teardown(self) -> None:
        self.loop.close()

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(mode=st.sampled_from(["manual", "auto"]))
    def choose_clock(self, mode: str) -> None:
        self.engine = make_engine(clock=mode)

    @rule(target=places, namespace=NAMESPACES, story=st.sampled_from(sorted(catalogue())))
    def start_a_task(self, namespace: str, story: str) -> Place:
        return self.seen(self.run_(self.engine.start(namespace, start(story))))

    @rule(place=places, story=st.sampled_from(["completed", "approval"]))
    def start_a_further_turn(self, place: Place, story: str) -> None:
        # Also where a story has given the id to a sub-task since the place was reset.
        known = self.run_(self.engine.store.get(*place)) is not None
        try:
            view = self.run_(self.engine.start(place[0], start(story, id=place[1])))
        except Conflict:
            assert known
        else:
            assert known or view.task_state.number == 0
            self.seen(view)

    @rule(namespace=NAMESPACES, path=st.sampled_from(PATHS))
    def pin_a_path(self, namespace: str, path: ScenarioPath) -> None:
        self.run_(self.engine.pin_next(namespace, path.scenario, path=path))

    @rule(place=places)
    def read(self, place: Place) -> None:
        self.look(place, self.engine.read(*place))

    @rule(place=places, kind=SIGNALS, payload=UPDATES)
    def signal(self, place: Place, kind: str, payload: dict[str, Any]) -> None:
        given = payload if kind == "update" else {}
        before = self.peek(place)
        try:
            view = self.run_(self.engine.signal(*place, kind, payload=given))
        except NotFound:
            assert before is None
        except Conflict:
            assert before is not None
            assert kind not in before.task_state.snapshot.waits_for
        except BadRequest:
            assert given.get("status") == "odd"
        else:
            self.seen(view)

    @rule(place=places, until=st.sampled_from([None, "paused", "completed", "executing", "nowhere"]))
    def skip(self, place: Place, until: str | None) -> None:
        before = self.peek(place)
        try:
            self.seen(self.run_(self.engine.skip(*place, until)))
        except (Conflict, BadRequest):
            after = self.peek(place)
            assert before is not None
            assert after is not None
            assert after.task_state.snapshot == before.task_state.snapshot
        except NotFound:
            assert before is None

    @rule(namespace=NAMESPACES, by=st.sampled_from([0, 1, 299, 300, 1_000, 90_000_000]))
    def advance(self, namespace: str, by: int) -> None:
        self.run_(self.engine.advance(namespace, by))

    @rule(place=places)
    def wait(self, place: Place) -> None:
        self.look(place, self.engine.wait(*place, seconds=0))

    @rule(place=consumes(places))
    def delete(self, place: Place) -> None:
        try:
            self.run_(self.engine.delete(*place))
        except NotFound:
            assert place not in self.ids
        self.forget(place[0])

    @rule(namespace=NAMESPACES)
    def reset(self, namespace: str) -> None:
        self.run_(self.engine.reset(namespace))
        self.forget(namespace)
        assert self.run_(self.engine.store.all(namespace)) == ()

    @invariant()
    def every_reader_sees_the_same_history(self) -> None:
        for place in self.ids:
            self.remember(self.run_(self.engine.task_states.get(*place)))

    def look(self, place: Place, reading: Coroutine[Any, Any, View]) -> None:
        try:
            self.seen(self.run_(reading))
        except NotFound:
            assert place not in self.ids

    def peek(self, place: Place) -> View | None:
        try:
            return self.run_(self.engine.peek(*place))
        except NotFound:
            return None

    def forget(self, namespace: str) -> None:
        kept = {task.id for task in self.run_(self.engine.store.all(namespace))}
        gone = {place for place in self.ids if place[0] == namespace and place[1] not in kept}
        self.ids -= gone
        self.histories = {key: seen for key, seen in self.histories.items() if (key[0], key[1]) not in gone}

    def seen(self, view: View) -> Place:
        if self.remember(view.task_state):
            assert find_violations(contract(), "/components/schemas/AgentExecution", view.body, ()) == ()
        return view.task_state.namespace, view.task_state.task.id

    def remember(self, task_state: TaskState) -> bool:
        """Hold a history against what was seen of it before; tell whether there is anything new."""
        visits = task_state.snapshot.visits
        key = (task_state.namespace, task_state.task.id, task_state.number)
        before = self.histories.get(key, ())
        assert visits[: len(before)] == before, "a history that somebody has read was rewritten"
        for earlier, later in pairwise(visits):
            allowed = may_be_updated if later.cause == "update" else may_follow
            assert allowed(earlier.status, later.status)
        self.histories[key] = visits
        self.ids.add((task_state.namespace, task_state.task.id))
        return len(visits) > len(before)


EngineMachine.TestCase.settings = examples(150, stateful_step_count=40)
TestEngine = EngineMachine.TestCase
