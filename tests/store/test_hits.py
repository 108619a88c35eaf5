import asyncio

import pytest

from xpander_emulator.core.faults import BUILT_IN, FaultRule
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis, Step, Timeline
from xpander_emulator.store.codec.facts import FAULTS
from xpander_emulator.store.port import Store, Task

pytestmark = pytest.mark.anyio

TURN = Turn(Timeline("t", (Step("end", Status.COMPLETED),)), "t", b"{}", 1, Millis(0))
RULE = FaultRule(BUILT_IN["reset"])


async def test_hits_are_counted_for_each_rule_task_and_namespace(store: Store) -> None:
    await store.add("ns", [Task("a", 0, (TURN,))])

    counted = [
        await store.count_match(*place)
        for place in (("ns", "", "0"), ("ns", "", "0"), ("ns", "", "1"), ("ns", "a", "0"))
    ]

    assert counted == [1, 2, 1, 1]
    assert await store.matches("ns", "", "0") == 2
    assert await store.matches("other", "", "0") == 0


async def test_the_hits_of_a_task_go_with_it(store: Store) -> None:
    await store.add("ns", [Task("a", 0, (TURN,))])
    await store.count_match("ns", "a", "0")

    await store.remove("ns", ["a"])

    assert await store.matches("ns", "a", "0") == 0


async def test_other_faults_count_anew(store: Store) -> None:
    await store.add("ns", [Task("a", 0, (TURN,))])
    await store.set_fact("ns", FAULTS, (RULE,), ())
    await store.count_match("ns", "", "0")
    await store.count_match("ns", "a", "0")

    await store.set_fact("ns", FAULTS, (RULE, RULE), (RULE,))

    assert await store.fact("ns", FAULTS) == (RULE, RULE)
    assert await store.matches("ns", "", "0") == 0
    assert await store.matches("ns", "a", "0") == 1


async def test_a_reset_of_tasks_keeps_what_was_counted_for_the_namespace(store: Store) -> None:
    await store.add("ns", [Task("a", 0, (TURN,))])
    await store.set_fact("ns", FAULTS, (RULE,), ())
    for task_id in ("", "a"):
        await store.count_match("ns", task_id, "0")

    await store.reset("ns", frozenset({"tasks"}))

    assert (await store.matches("ns", "", "0"), await store.matches("ns", "a", "0")) == (1, 0)
    await store.reset("ns", frozenset({"faults"}))
    assert await store.fact("ns", FAULTS) == ()
    assert await store.matches("ns", "", "0") == 0


async def test_a_task_that_is_gone_is_counted_for_nobody(store: Store) -> None:
    assert [await store.count_match("ns", "gone", "0") for _ in range(2)] == [1, 1]
    assert await store.matches("ns", "gone", "0") == 0


async def test_a_reset_of_faults_forgets_what_was_counted_for_tasks(store: Store) -> None:
    await store.add("ns", [Task("a", 0, (TURN,))])
    await store.count_match("ns", "a", "0")

    await store.reset("ns", frozenset({"faults"}))

    assert await store.matches("ns", "a", "0") == 0


async def test_no_two_requests_are_counted_the_same(store: Store, other: Store) -> None:
    counted = await asyncio.gather(*(each.count_match("ns", "", "0") for _ in range(50) for each in (store, other)))

    assert sorted(counted) == list(range(1, 101))


async def test_namespaces_and_tasks_whose_names_run_together_are_counted_apart(store: Store) -> None:
    await store.add("a", [Task("b:c", 0, (TURN,))])
    await store.add("a:b", [Task("c", 0, (TURN,))])

    await store.count_match("a", "b:c", "0")

    assert await store.matches("a:b", "c", "0") == 0
