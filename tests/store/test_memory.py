import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.store.test_every_store import TURN, ids, task
from xpander_emulator.clock import Clock
from xpander_emulator.core.timeline import Millis
from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.codec.facts import PINS
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.port import NO_PINS, Pins, Task

NAMESPACES = st.sampled_from(["one", "two"])
IDS = st.sampled_from(["a", "b", "c", "d"])
ACTS = st.one_of(
    st.tuples(st.just("add"), NAMESPACES, IDS, st.sampled_from([None, "a"])),
    st.tuples(st.sampled_from(["remove", "turn"]), NAMESPACES, IDS, st.none()),
    st.tuples(st.just("reset"), NAMESPACES, st.just(""), st.none()),
)


class Model:
    """The tasks of all namespaces in one list, oldest first."""

    def __init__(self) -> None:
        self.tasks: list[tuple[str, Task]] = []

    def of(self, namespace: str) -> list[Task]:
        return [each for name, each in self.tasks if name == namespace]

    def get(self, namespace: str, task_id: str) -> Task | None:
        return next((each for each in self.of(namespace) if each.id == task_id), None)


async def act(store: MemoryStore, model: Model, name: str, namespace: str, task_id: str, parent: str | None) -> None:
    """Do the same in the store and in the model."""
    known = model.get(namespace, task_id)
    match name:
        case "add":
            new = task(task_id, await store.next_ordinal(namespace), parent)
            try:
                count = await store.add(namespace, (new,))
            except StaleWrite:
                assert known is not None
            else:
                model.tasks.append((namespace, new))
                assert known is None
                assert count == len(model.tasks)
        case "turn" if known is not None:
            changed = known.with_turn(TURN)
            await store.replace(namespace, changed)
            model.tasks = [(name, changed if each is known else each) for name, each in model.tasks]
        case "remove":
            await store.remove(namespace, [task_id])
            model.tasks = [pair for pair in model.tasks if pair[0] != namespace or pair[1].id != task_id]
        case "reset":
            await store.reset(namespace, frozenset({"tasks"}))
            model.tasks = [pair for pair in model.tasks if pair[0] != namespace]


@given(st.lists(ACTS, max_size=30))
@examples(200)
def test_whatever_is_written_every_read_agrees_with_a_plain_list_of_tasks(
    acts: list[tuple[str, str, str, str | None]],
) -> None:
    async def check() -> None:
        store, model = MemoryStore(), Model()
        for each in acts:
            await act(store, model, *each)

        assert await store.count() == len(model.tasks)
        assert await store.oldest(3) == model.tasks[:3]
        for namespace in ("one", "two"):
            assert list(await store.all(namespace)) == model.of(namespace)
            assert (await store.namespaces()).get(namespace, 0) == len(model.of(namespace))
            for task_id in "abcd":
                children = [each for each in model.of(namespace) if each.parent == task_id]
                reading = await store.read(namespace, task_id)
                assert reading.task == await store.get(namespace, task_id) == model.get(namespace, task_id)
                assert list(reading.children) == list(await store.children(namespace, task_id)) == children

    asyncio.run(check())


async def test_the_store_is_of_this_process_alone() -> None:
    clock = Clock("scaled", Millis(5), Millis(7), 60)
    store = MemoryStore()

    assert (store.log, store.is_near, store.agree_on(clock)) == (None, True, clock)


async def test_a_removed_oldest_task_gives_its_place_to_the_next() -> None:
    store = MemoryStore()
    await store.add("ns", tuple(task(f"t{number}", number) for number in range(3)))

    await store.remove("ns", ["t0"])

    assert ids([each for _, each in await store.oldest(2)]) == ["t1", "t2"]


async def test_a_removed_sub_task_leaves_its_siblings() -> None:
    store = MemoryStore()
    await store.add("ns", (task("a"), task("b", 1, "a"), task("c", 2, "a")))

    await store.remove("ns", ["b"])

    assert ids(await store.children("ns", "a")) == ["c"]


async def test_a_list_that_was_read_does_not_change_with_the_store() -> None:
    store = MemoryStore()
    await store.add("ns", (task("a"), task("b", 1, "a")))
    before, children = await store.all("ns"), await store.children("ns", "a")

    await store.add("ns", (task("c", 2, "a"),))

    assert (ids(before), ids(children)) == (["a", "b"], ["b"])


async def test_a_namespace_that_still_has_a_fact_stays_after_a_reset_of_its_tasks() -> None:
    store = MemoryStore()
    await store.add("ns", (task("a"),))
    await store.set_fact("ns", PINS, Pins("approval"), NO_PINS)

    await store.reset("ns", frozenset({"tasks"}))
    assert await store.namespaces() == {"ns": 0}

    await store.reset("ns", frozenset({"pins"}))
    assert await store.namespaces() == {}
