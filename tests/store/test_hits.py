from emulator.core.faults import BUILT_IN, FaultRule
from emulator.core.replay import Turn
from emulator.core.task import Status
from emulator.core.timeline import Millis, Step, Timeline
from emulator.store import Task
from emulator.store.memory import MemoryStore

TURN = Turn(Timeline("t", (Step("end", Status.COMPLETED),)), "t", b"{}", 1, Millis(0))
RULE = FaultRule(BUILT_IN["reset"])


async def test_hits_are_counted_for_each_rule_task_and_namespace() -> None:
    store = MemoryStore()

    counted = [
        await store.hit(*place) for place in (("ns", "", "0"), ("ns", "", "0"), ("ns", "", "1"), ("ns", "a", "0"))
    ]

    assert counted == [1, 2, 1, 1]
    assert await store.hits("ns", "", "0") == 2
    assert await store.hits("other", "", "0") == 0


async def test_the_hits_of_a_task_go_with_it() -> None:
    store = MemoryStore()
    await store.add("ns", [Task("a", 0, (TURN,))])
    await store.hit("ns", "a", "0")

    await store.remove("ns", ["a"])

    assert await store.hits("ns", "a", "0") == 0


async def test_other_faults_count_anew() -> None:
    store = MemoryStore()
    await store.set_faults("ns", [RULE])
    await store.hit("ns", "", "0")
    await store.hit("ns", "a", "0")

    await store.set_faults("ns", [RULE, RULE])

    assert await store.faults("ns") == (RULE, RULE)
    assert await store.hits("ns", "", "0") == 0
    assert await store.hits("ns", "a", "0") == 1


async def test_a_reset_of_tasks_keeps_what_was_counted_for_the_namespace() -> None:
    store = MemoryStore()
    await store.set_faults("ns", [RULE])
    for task_id in ("", "a"):
        await store.hit("ns", task_id, "0")

    await store.reset("ns", frozenset({"tasks"}))

    assert (await store.hits("ns", "", "0"), await store.hits("ns", "a", "0")) == (1, 0)
    await store.reset("ns", frozenset({"faults"}))
    assert await store.faults("ns") == ()
    assert await store.hits("ns", "", "0") == 0
