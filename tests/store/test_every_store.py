"""What every store keeps to. A further store joins in conftest.py."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import pytest

from xpander_emulator.clock import Clock
from xpander_emulator.core.faults import BUILT_IN, FaultRule
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.signals import Move, Signal
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis, Step, Timeline
from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.codec.facts import CLOCK, FACTS, FAULTS, PINS
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.notifications import ELSEWHERE, WHOLE
from xpander_emulator.store.port import NO_PINS, Contents, Pin, Pins, Reading, StartedBy, Store, Task

TURN = Turn(Timeline("t", (Step("end", Status.COMPLETED),)), "wf", b"{}", 7, Millis(1_000))
MANUAL = Clock("manual", Millis(5), Millis(0))
X, Y = Pin("x"), Pin("y", "y-approve", (Move(2, "waiting", "approve"),))
RULES = (FaultRule(BUILT_IN["slow"], 2, None, "getTask", Status.PAUSED), FaultRule(BUILT_IN["reset"]))


def task(task_id: str, ordinal: int = 0, parent: str | None = None) -> Task:
    return Task(task_id, ordinal, (TURN,), parent)


async def kept(store: Store, task_id: str, namespace: str = "ns") -> Task:
    """Return a task as the store has marked it, which is what a writer has seen."""
    found = await store.get(namespace, task_id)
    assert found is not None
    return found


def ids(tasks: object) -> list[str]:
    assert isinstance(tasks, list | tuple)
    return [each.id for each in tasks]


async def test_a_task_is_kept_as_it_was_added(store: Store) -> None:
    sub = Task("b", 1, (TURN,), "a", StartedBy("a", 0, 1))
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
    signalled = (await kept(store, "a")).with_signals([Signal(Millis(1_000), "stop")])
    continued = signalled.with_turn(TURN)

    await store.replace("ns", signalled)
    await store.replace("ns", continued)

    assert await store.get("ns", "a") == continued
    assert len(continued.turns) == 2
    assert continued.version == 2


async def test_of_two_writers_of_one_version_the_second_is_refused(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"),))
    first = (await kept(store, "a")).with_signals([Signal(Millis(1_000), "approve")])
    second = (await kept(other, "a")).with_signals([Signal(Millis(1_000), "reject")])
    await store.replace("ns", first)

    with pytest.raises(StaleWrite, match="'a' was changed by somebody else"):
        await other.replace("ns", second)

    assert await store.get("ns", "a") == await other.get("ns", "a") == first


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
    await store.replace("one", replace(await kept(store, "a", "one"), version=1))

    oldest = await store.oldest(2)

    assert [(namespace, each.id) for namespace, each in oldest] == [("one", "a"), ("other", "b")]
    assert len(await store.oldest(10)) == 3


async def test_ordinals_are_given_once_in_each_namespace(store: Store) -> None:
    assert await store.next_ordinal("one") == 0
    assert await store.next_ordinal("one", 3) == 1
    assert await store.next_ordinal("one") == 4
    assert await store.next_ordinal("other") == 0


async def test_a_clock_is_kept_for_each_namespace(store: Store) -> None:
    await store.set_fact("one", CLOCK, MANUAL, None)

    assert await store.fact("one", CLOCK) == MANUAL
    assert await store.fact("other", CLOCK) is None


async def test_a_fact_is_only_set_by_a_writer_who_has_seen_what_it_is(store: Store, other: Store) -> None:
    await store.set_fact("ns", PINS, Pins("d", (X, Y)), NO_PINS)
    await other.set_fact("ns", PINS, Pins("d", (Y,)), Pins("d", (X, Y)))

    for seen in (NO_PINS, Pins("d", (X, Y))):
        with pytest.raises(StaleWrite, match="The pins of 'ns' was changed by somebody else"):
            await store.set_fact("ns", PINS, Pins("e"), seen)

    assert await store.fact("ns", PINS) == await other.fact("ns", PINS) == Pins("d", (Y,))
    assert await store.fact("other", PINS) == NO_PINS
    await store.set_fact("ns", PINS, NO_PINS, Pins("d", (Y,)))
    await store.set_fact("ns", PINS, Pins("e"), NO_PINS)
    await store.set_fact("ns", CLOCK, MANUAL, None)
    await store.set_fact("ns", CLOCK, None, MANUAL)
    assert await other.fact("ns", CLOCK) is None


@pytest.mark.parametrize("scope", ["tasks", "clock", "pins", "faults"])
async def test_a_reset_forgets_what_its_scope_names_and_nothing_else(store: Store, scope: str) -> None:
    await store.next_ordinal("ns")
    await store.add("ns", (task("a"), task("b", 1, "a")))
    await store.add("other", (task("c"),))
    await store.set_fact("ns", CLOCK, MANUAL, None)
    await store.set_fact("ns", PINS, Pins("d"), NO_PINS)
    await store.set_fact("ns", FAULTS, RULES, ())

    await store.reset("ns", frozenset({scope}))

    clock, pins, faults = [await store.fact("ns", fact) for fact in (CLOCK, PINS, FAULTS)]
    tasks = ids(await store.all("ns")) + ids(await store.children("ns", "a"))
    left = {"tasks": tasks, "clock": clock, "pins": pins, "faults": faults}
    kept = {"tasks": ["a", "b", "b"], "clock": MANUAL, "pins": Pins("d"), "faults": RULES}
    assert left == {**kept, scope: {"tasks": [], "clock": None, "pins": NO_PINS, "faults": ()}[scope]}
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
    await store.fact("ns", CLOCK)
    await store.fact("ns", PINS)

    assert await store.namespaces() == {}


async def test_another_process_sees_what_was_written_and_what_was_written_since(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"), task("b", 1, "a")))
    seen = await kept(other, "a")
    signalled = seen.with_signals([Signal(Millis(1_000), "stop", "ann", "why", {"n": [1, None, "x"]}, seen=2)])

    await other.replace("ns", signalled)
    await store.set_fact("ns", CLOCK, MANUAL, None)

    assert await store.get("ns", "a") == signalled
    reading = await other.read("ns", "a")
    assert reading == Reading(signalled, reading.children, MANUAL, ())
    assert [*reading.children] == [task("b", 1, "a")]
    assert [*(await other.read("ns", "unknown")).children] == []
    assert (await other.read("elsewhere", "a")).clock is None


async def test_a_reading_tells_what_the_namespace_has(store: Store, other: Store) -> None:
    pins = Pins("completed")
    await store.set_fact("ns", FAULTS, RULES, ())
    await store.set_fact("ns", PINS, pins, NO_PINS)

    found = await other.read("ns", "")
    assert (found.task, [*found.children], *found[2:]) == (None, [], None, RULES, pins)
    await store.set_fact("ns", CLOCK, MANUAL, None)
    assert tuple(await other.read("ns", "unknown"))[2:] == (MANUAL, RULES, pins)
    assert (await other.read("elsewhere", "unknown"))[2:] == (None, (), NO_PINS)
    await store.reset("ns", frozenset({"faults", "clock", "pins"}))
    assert (await other.read("ns", "unknown"))[2:] == (None, (), NO_PINS)


async def test_a_task_that_nobody_has_changed_is_the_same_object(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"),))

    before = await kept(store, "a")
    assert (await store.read("ns", "a")).task is before
    await other.replace("ns", (await kept(other, "a")).with_signals([]))
    assert await kept(store, "a") is not before
    assert await kept(other, "a") is await kept(other, "a")


async def test_a_later_task_of_the_same_id_is_not_taken_for_the_earlier_one(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"),))
    seen = await kept(store, "a")

    await other.reset("ns", frozenset({"tasks"}))
    await other.add("ns", (replace(task("a"), turns=(TURN._replace(request=b"[]"),)),))

    assert (await kept(store, "a")).turn.request == b"[]"
    assert await kept(store, "a") is not seen


async def test_of_many_writers_through_two_processes_each_write_is_one_version(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"),))

    async def write(through: Store, by: str) -> None:
        for _ in range(20):
            while True:
                try:
                    await through.replace("ns", (await kept(through, "a")).with_signals([Signal(Millis(1), "go", by)]))
                    break
                except StaleWrite:
                    await asyncio.sleep(0)

    await asyncio.gather(*(write(through, f"{by}") for by, through in enumerate((store, other, store, other))))

    found = await kept(other, "a")
    assert found.version == 80
    assert sorted(str(signal.by) for signal in found.turn.signals) == sorted("0123" * 20)


async def test_ordinals_are_unique_across_processes(store: Store, other: Store) -> None:
    taken = await asyncio.gather(*(through.next_ordinal("ns") for through in (store, other) * 25))

    assert sorted(taken) == list(range(50))


async def test_of_two_writers_of_one_fact_only_one_wins(store: Store, other: Store) -> None:
    async def take(through: Store) -> str | None:
        while (seen := await through.fact("ns", PINS)).upcoming:
            try:
                await through.set_fact("ns", PINS, Pins(None, seen.upcoming[1:]), seen)
            except StaleWrite:
                continue
            return seen.upcoming[0].scenario
        return None

    await store.set_fact("ns", PINS, Pins(None, tuple(map(Pin, "abcdefgh"))), NO_PINS)
    taken = await asyncio.gather(*(take(through) for through in (store, other) * 6))

    assert sorted(each for each in taken if each) == list("abcdefgh")
    assert taken.count(None) == 4


async def test_new_tasks_come_with_a_next_version_or_not_at_all(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"),))
    seen = await kept(store, "a")
    await store.replace("ns", seen.with_turn(TURN), (task("b", 1, "a"), task("c", 2, "a")))

    assert ids(list(await other.children("ns", "a"))) == ["b", "c"]
    with pytest.raises(StaleWrite, match="'a' was changed by somebody else"):
        await other.replace("ns", seen.with_turn(TURN), (task("d", 3),))
    with pytest.raises(StaleWrite, match="'b' is taken"):
        await other.replace("ns", (await kept(other, "a")).with_turn(TURN), (task("d", 3), task("b", 4)))
    assert await other.get("ns", "d") is None
    assert (await kept(other, "a")).version == 1
    assert await store.count() == 3


async def test_the_contents_of_a_namespace_can_be_put_into_another_one(store: Store, other: Store) -> None:
    await store.next_ordinal("ns", 3)
    await store.add("ns", (task("a"), task("b", 1, "a"), Task("c", 2, (TURN, TURN), "b", StartedBy("b", 0, 0))))
    await store.set_fact("ns", CLOCK, MANUAL, None)
    await store.set_fact("ns", PINS, Pins("d", (X, Y)), NO_PINS)
    await store.set_fact("ns", FAULTS, RULES, ())
    await store.count_match("ns", "", "0")
    await other.count_match("copy", "", "0")
    await other.add("copy", (task("old"), task("b", 1)))

    contents = await store.contents("ns", FACTS)
    await other.replace_all("copy", contents)

    assert contents.ordinals == 3
    assert contents.facts == {CLOCK: MANUAL, PINS: Pins("d", (X, Y)), FAULTS: RULES}
    assert ids(list(contents.tasks)) == ["a", "b", "c"]
    copy = await store.contents("copy", FACTS)
    assert (list(copy.tasks), copy.ordinals, copy.facts) == (list(contents.tasks), 3, contents.facts)
    assert await store.get("copy", "old") is None
    assert ids(await store.children("copy", "a")) == ["b"]
    assert await store.matches("copy", "", "0") == 0
    assert await store.next_ordinal("copy") == 3
    assert await store.count() == 6


async def test_a_namespace_that_nobody_has_used_holds_nothing(store: Store) -> None:
    contents = await store.contents("ns", FACTS)

    assert (contents.ordinals, contents.facts) == (0, {CLOCK: None, PINS: NO_PINS, FAULTS: ()})
    assert list(contents.tasks) == []


async def test_two_tasks_of_one_id_are_refused_together(store: Store) -> None:
    with pytest.raises(StaleWrite, match="'a' is taken"):
        await store.add("ns", (task("a"), task("a", 1)))

    assert await store.count() == 0


# Bells


WOKEN_SECONDS = 5.0
ASLEEP_SECONDS = 0.1


async def rung(store: Store, act: Awaitable[object], seconds: float = WOKEN_SECONDS) -> bool:
    """Tell whether somebody who listens for task `a` of `ns` is told of an act."""
    loop = asyncio.get_running_loop()
    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        begun = loop.time()
        await act
        await subscription.wait(seconds)
        return loop.time() - begun < seconds * 0.9


@pytest.mark.parametrize("through", ["the same process", "another process"])
async def test_whoever_listens_for_a_task_is_told_of_its_changes(store: Store, other: Store, through: str) -> None:
    await store.add("ns", (task("a"), task("b", 1)))
    acting = store if through == "the same process" else other
    changed = (await kept(acting, "a")).with_signals([Signal(Millis(1_000), "stop")])

    assert await rung(store, acting.replace("ns", changed))
    assert await rung(store, acting.add("ns", (task("child", 2, "a"),)))
    assert await rung(store, acting.set_fact("ns", CLOCK, MANUAL, None))
    assert await rung(store, acting.remove("ns", ["a"]))
    assert await rung(store, acting.reset("ns", frozenset({"tasks"})))
    assert await rung(store, acting.replace_all("ns", Contents()))


async def test_whoever_listens_for_a_task_sleeps_through_what_others_do(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"), task("b", 1)))
    await store.add("other", (task("a"),))
    changed = (await kept(other, "b")).with_signals([Signal(Millis(1_000), "stop")])
    foreign = (await kept(other, "a", "other")).with_signals([Signal(Millis(1_000), "stop")])

    async def acts() -> None:
        await other.replace("ns", changed)
        await other.replace("other", foreign)
        await other.set_fact("other", CLOCK, MANUAL, None)

    assert not await rung(store, acts(), ASLEEP_SECONDS)


async def test_what_happens_before_the_wait_and_after_the_listening_is_told(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"),))

    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        await store.replace("ns", (await kept(store, "a")).with_signals([]))
        await subscription.wait(None)


async def test_a_wait_ends_with_its_time(store: Store) -> None:
    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        await subscription.wait(0.001)
        await subscription.wait(0)


async def test_several_listen_for_one_task_and_all_are_told(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"),))

    async def listen() -> None:
        async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
            listening.release()
            await subscription.wait(None)

    listening = asyncio.Semaphore(0)
    waiting = [asyncio.ensure_future(listen()) for _ in range(3)]
    for _ in waiting:
        await listening.acquire()
    await other.replace("ns", (await kept(other, "a")).with_signals([]))
    await asyncio.wait_for(asyncio.gather(*waiting), WOKEN_SECONDS)


async def test_a_scaled_clock_is_the_same_for_all_servers_of_a_store(store: Store, other: Store) -> None:
    earlier, later = Clock("scaled", Millis(10), Millis(10), 60), Clock("scaled", Millis(90), Millis(90), 60)

    assert store.agree_on(earlier) == earlier
    agreed = other.agree_on(later)

    assert agreed in (earlier, later)
    if store is not other:
        assert agreed == earlier
        assert other.agree_on(Clock("manual", Millis(5), Millis(0))).mode == "manual"


async def elsewhere_rung(store: Store, act: Awaitable[object], seconds: float = WOKEN_SECONDS) -> bool:
    """Tell whether somebody who follows `ns` in one process is told of an act in another."""
    loop = asyncio.get_running_loop()
    async with store.subscribe("ns", [ELSEWHERE]) as subscription:
        begun = loop.time()
        await act
        await subscription.wait(seconds)
        return loop.time() - begun < seconds * 0.9


async def test_whatever_another_process_changes_is_heard_and_nothing_of_ones_own(store: Store, other: Store) -> None:
    await store.add("ns", (task("a"),))
    if store is other:
        assert not await elsewhere_rung(store, store.set_fact("ns", CLOCK, MANUAL, None), 0.05)
        return

    assert await elsewhere_rung(store, other.set_fact("ns", CLOCK, MANUAL, None))
    assert await elsewhere_rung(store, other.add("ns", (task("b", 1),)))
    assert await elsewhere_rung(store, other.add("ns", (task("child", 2, "b"),)))
    assert await elsewhere_rung(store, other.remove("ns", ["a"]))
    assert not await elsewhere_rung(store, store.set_fact("ns", FAULTS, RULES, ()), ASLEEP_SECONDS)
    assert not await elsewhere_rung(store, other.set_fact("elsewhere", CLOCK, MANUAL, None), ASLEEP_SECONDS)


async def test_nothing_stays_of_a_family_that_was_removed(store: Store) -> None:
    await store.add("ns", (task("a"), task("b", 1, "a"), task("c", 2, "b")))

    await store.remove("ns", ["a", "b", "c"])
    await store.reset("ns", frozenset())

    assert await store.namespaces() == {}


async def test_the_salt_is_random_and_the_same_for_all_who_share_the_store(store: Store, other: Store) -> None:
    salt = store.salt()

    assert len(salt) == 16
    assert salt == store.salt() == other.salt() != bytes(16)
    await store.reset("ns", frozenset({"tasks", "clock", "pins", "faults"}))
    assert other.salt() == salt


async def test_the_salt_of_another_store_is_another(store: Store) -> None:
    assert store.salt() != MemoryStore().salt()


async def test_sub_tasks_are_read_with_their_parent_as_they_are_read_alone(store: Store) -> None:
    await store.add("ns", (task("a"), task("b", 1, "a"), task("c", 2, "a")))
    await store.replace("ns", (await kept(store, "c")).with_signals([Signal(Millis(2_000), "stop")]))

    children = (await store.read("ns", "a")).children

    alone = [await kept(store, each) for each in ("b", "c")]
    assert [(each, each.mark) for each in children] == [(each, each.mark) for each in alone]
