"""What every store keeps to. A further store joins by its maker in STORES."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from emulator.clock import Clock
from emulator.core.replay import Turn
from emulator.core.signals import Move, Signal
from emulator.core.task import Status
from emulator.core.timeline import Millis, Step, Timeline
from emulator.errors import StaleWrite
from emulator.store import NO_PINS, Follows, Pin, Pins, Store, Task
from emulator.store.memory import MemoryStore

STORES: dict[str, Callable[[], Store]] = {"memory": MemoryStore}
TURN = Turn(Timeline("t", (Step("end", Status.COMPLETED),)), "wf", b"{}", 7, Millis(1_000))
CLOCK = Clock("manual", Millis(5), Millis(0))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    return STORES[request.param]()


def task(task_id: str, ordinal: int = 0, parent: str | None = None) -> Task:
    return Task(task_id, ordinal, (TURN,), parent)


def ids(tasks: object) -> list[str]:
    assert isinstance(tasks, list | tuple)
    return [each.id for each in tasks]


async def test_a_task_is_kept_as_it_was_added(store: Store) -> None:
    sub = Task("b", 1, (TURN,), "a", Follows("a", 0, 1))
    await store.add("ns", (task("a"), sub))

    assert await store.get("ns", "a") == task("a")
    assert await store.get("ns", "b") == sub
    assert await store.get("ns", "c") is None


async def test_a_namespace_sees_nothing_of_another(store: Store) -> None:
    await store.add("one", (task("a"), task("b", parent="a")))

    assert await store.get("other", "a") is None
    assert ids(await store.all("other")) == []
    assert ids(await store.children("other", "a")) == []
    await store.add("other", (task("a"),))
    await store.remove("other", ["a"])
    assert await store.get("one", "a") == task("a")


async def test_a_taken_id_is_refused_and_nothing_is_added(store: Store) -> None:
    await store.add("ns", (task("a"),))

    with pytest.raises(StaleWrite, match="'a' is taken"):
        await store.add("ns", (task("b"), task("a")))

    assert ids(await store.all("ns")) == ["a"]
    assert await store.count() == 1


async def test_a_next_version_is_kept(store: Store) -> None:
    await store.add("ns", (task("a"),))
    signalled = task("a").with_signals([Signal(Millis(1_000), "stop")])
    continued = signalled.with_turn(TURN)

    await store.replace("ns", signalled)
    await store.replace("ns", continued)

    assert await store.get("ns", "a") == continued
    assert len(continued.turns) == 2
    assert continued.version == 2


async def test_of_two_writers_of_one_version_the_second_is_refused(store: Store) -> None:
    await store.add("ns", (task("a"),))
    first = task("a").with_signals([Signal(Millis(1_000), "approve")])
    second = task("a").with_signals([Signal(Millis(1_000), "reject")])
    await store.replace("ns", first)

    with pytest.raises(StaleWrite, match="'a' was changed by somebody else"):
        await store.replace("ns", second)

    assert await store.get("ns", "a") == first


async def test_a_task_that_is_gone_cannot_be_replaced(store: Store) -> None:
    with pytest.raises(StaleWrite, match="'a' was changed by somebody else"):
        await store.replace("ns", replace(task("a"), version=1))

    assert await store.get("ns", "a") is None


async def test_all_tasks_come_by_ordinal(store: Store) -> None:
    await store.add("ns", (task("b", 0), task("a", 1)))
    await store.add("ns", (task("c", 2),))

    assert ids(await store.all("ns")) == ["b", "a", "c"]


async def test_children_are_those_that_name_their_parent_whether_it_is_there_or_not(store: Store) -> None:
    await store.add("ns", (task("b", 0, "a"), task("c", 1, "a"), task("d", 2, "b"), task("e", 3, "e")))

    assert ids(await store.children("ns", "a")) == ["b", "c"]
    assert ids(await store.children("ns", "b")) == ["d"]
    assert ids(await store.children("ns", "e")) == ["e"]
    assert ids(await store.children("ns", "d")) == []


async def test_a_removed_task_is_no_longer_anybodys_child(store: Store) -> None:
    await store.add("ns", (task("a"), task("b", 1, "a"), task("c", 2, "a")))

    await store.remove("ns", ["b", "unknown"])

    assert ids(await store.children("ns", "a")) == ["c"]
    assert ids(await store.all("ns")) == ["a", "c"]
    await store.add("ns", (task("b", 3, "a"),))
    assert ids(await store.children("ns", "a")) == ["c", "b"]


async def test_nothing_stays_of_a_family_that_was_removed(store: Store) -> None:
    await store.add("ns", (task("a"), task("b", 1, "a"), task("c", 2, "b")))

    await store.remove("ns", ["a", "b", "c"])
    await store.reset("ns", frozenset())

    assert await store.namespaces() == {}


async def test_tasks_are_counted_over_all_namespaces(store: Store) -> None:
    await store.add("one", (task("a"), task("b", 1)))
    await store.add("other", (task("a"),))
    await store.remove("one", ["a"])

    assert await store.count() == 2
    assert await store.namespaces() == {"one": 1, "other": 1}


async def test_the_oldest_tasks_come_in_the_order_in_which_they_were_added(store: Store) -> None:
    await store.add("one", (task("a"),))
    await store.add("other", (task("b"),))
    await store.add("one", (task("c", 1),))
    await store.replace("one", replace(task("a"), version=1))

    oldest = await store.oldest(2)

    assert [(namespace, each.id) for namespace, each in oldest] == [("one", "a"), ("other", "b")]
    assert len(await store.oldest(10)) == 3


async def test_ordinals_are_given_once_in_each_namespace(store: Store) -> None:
    assert await store.next_ordinal("one") == 0
    assert await store.next_ordinal("one", 3) == 1
    assert await store.next_ordinal("one") == 4
    assert await store.next_ordinal("other") == 0


async def test_a_clock_is_kept_for_each_namespace(store: Store) -> None:
    await store.set_clock("one", CLOCK)

    assert await store.clock("one") == CLOCK
    assert await store.clock("other") is None


async def test_pins_are_taken_once_and_the_default_stays(store: Store) -> None:
    pins = (Pin("x"), Pin("y", "y-approve", (Move(2, "waiting", "approve"),)))
    await store.set_pins("ns", Pins("d", pins))

    assert [await store.take_pin("ns") for _ in range(3)] == [*pins, None]
    assert await store.pins("ns") == Pins("d", ())
    assert await store.pins("other") == NO_PINS
    assert await store.take_pin("other") is None


@pytest.mark.parametrize("scope", ["tasks", "clock", "pins"])
async def test_a_reset_forgets_what_its_scope_names_and_nothing_else(store: Store, scope: str) -> None:
    await store.next_ordinal("ns")
    await store.add("ns", (task("a"), task("b", 1, "a")))
    await store.add("other", (task("c"),))
    await store.set_clock("ns", CLOCK)
    await store.set_pins("ns", Pins("d"))

    await store.reset("ns", frozenset({scope}))

    left = {
        "tasks": ids(await store.all("ns")) + ids(await store.children("ns", "a")),
        "clock": await store.clock("ns"),
        "pins": await store.pins("ns"),
    }
    kept = {"tasks": ["a", "b", "b"], "clock": CLOCK, "pins": Pins("d")}
    assert left == {**kept, scope: {"tasks": [], "clock": None, "pins": NO_PINS}[scope]}
    assert await store.next_ordinal("ns") == (0 if scope == "tasks" else 1)
    assert ids(await store.all("other")) == ["c"]


async def test_a_namespace_that_was_reset_in_everything_is_gone(store: Store) -> None:
    await store.add("ns", (task("a"),))

    await store.reset("ns", frozenset({"tasks", "clock", "pins"}))

    assert await store.namespaces() == {}
    assert await store.count() == 0


async def test_reading_makes_no_namespace(store: Store) -> None:
    await store.get("ns", "a")
    await store.all("ns")
    await store.children("ns", "a")
    await store.clock("ns")
    await store.pins("ns")
    await store.take_pin("ns")

    assert await store.namespaces() == {}


async def rung(store: Store, namespace: str, *acts: object) -> bool:
    """Tell whether somebody who waits for task `a` of `ns` is woken by an act."""
    waiting = asyncio.ensure_future(store.wait("ns", ["a"], None))
    await asyncio.sleep(0)
    for act in acts:
        await act  # type: ignore[misc]
    for _ in range(5):
        await asyncio.sleep(0)
    woken = waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return woken


async def test_whoever_waits_for_a_task_is_woken_by_its_changes(store: Store) -> None:
    await store.add("ns", (task("a"), task("b", 1)))
    changed = task("a").with_signals([Signal(Millis(1_000), "stop")])

    assert await rung(store, "ns", store.replace("ns", changed))
    assert await rung(store, "ns", store.add("ns", (task("child", 2, "a"),)))
    assert await rung(store, "ns", store.set_clock("ns", CLOCK))
    assert await rung(store, "ns", store.remove("ns", ["a"]))
    assert await rung(store, "ns", store.reset("ns", frozenset({"tasks"})))


async def test_whoever_waits_for_a_task_sleeps_through_what_others_do(store: Store) -> None:
    await store.add("ns", (task("a"), task("b", 1)))
    await store.add("other", (task("a"),))
    changed = task("b", 1).with_signals([Signal(Millis(1_000), "stop")])
    foreign = task("a").with_signals([Signal(Millis(1_000), "stop")])

    assert not await rung(store, "ns", store.replace("ns", changed))
    assert not await rung(store, "ns", store.replace("other", foreign))
    assert not await rung(store, "ns", store.set_clock("other", CLOCK))


async def test_everybody_is_woken_when_the_server_stops(store: Store) -> None:
    await store.add("ns", (task("a"),))

    assert await rung(store, "ns", store.wake())


async def test_a_wait_ends_with_its_time(store: Store) -> None:
    await store.wait("ns", ["a"], 0.001)
    await store.wait("ns", [], 0)


async def test_several_wait_for_one_task_and_all_are_woken() -> None:
    store = MemoryStore()
    await store.add("ns", (task("a"),))
    waiting = [asyncio.ensure_future(store.wait("ns", ["a"], None)) for _ in range(3)]
    await asyncio.sleep(0)

    await store.replace("ns", task("a").with_signals([]))
    await asyncio.gather(*waiting)

    assert store._sleepers == {}


async def test_a_wait_that_is_given_up_leaves_nothing_behind() -> None:
    store = MemoryStore()
    waiting = asyncio.ensure_future(store.wait("ns", ["a"], None))
    await asyncio.sleep(0)
    assert set(store._sleepers) == {("ns", ""), ("ns", "a")}

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert store._sleepers == {}
