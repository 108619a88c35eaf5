import pytest

from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.codec.facts import FAULTS, PINS
from xpander_emulator.store.compare_and_set import ATTEMPTS, change_fact, fact_changed, id_taken, task_changed
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.port import NO_PINS, Fact, Pin, Pins, Value


class ContestedStore(MemoryStore):
    """A store in which another writer is faster, some times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        if self.times:
            self.times -= 1
            pins = await self.fact(namespace, PINS)
            await super().set_fact(namespace, PINS, Pins(None, (*pins.upcoming, Pin(f"other-{self.times}"))), pins)
        await super().set_fact(namespace, fact, value, seen)


def with_pin(pins: Pins) -> Pins:
    return Pins(pins.default, (*pins.upcoming, Pin("mine")))


async def test_a_fact_is_changed_from_its_value_and_the_new_value_is_returned() -> None:
    store = MemoryStore()
    await store.set_fact("ns", PINS, Pins("first"), NO_PINS)

    changed = await change_fact(store, "ns", PINS, with_pin)

    assert changed == await store.fact("ns", PINS) == Pins("first", (Pin("mine"),))


@pytest.mark.parametrize("times", [1, 5, ATTEMPTS - 1])
async def test_a_change_that_another_writer_overtakes_is_made_again_from_the_new_value(times: int) -> None:
    store = ContestedStore(times)

    changed = await change_fact(store, "ns", PINS, with_pin)

    assert [pin.scenario for pin in changed.upcoming] == [*(f"other-{left}" for left in range(times)[::-1]), "mine"]
    assert await store.fact("ns", PINS) == changed


async def test_a_change_that_is_always_overtaken_is_given_up_with_the_reason() -> None:
    store = ContestedStore(ATTEMPTS)

    with pytest.raises(StaleWrite, match=r"^The pins of 'ns' is being changed by others all the time; try again\.$"):
        await change_fact(store, "ns", PINS, with_pin)

    assert Pin("mine") not in (await store.fact("ns", PINS)).upcoming


async def test_a_change_that_raises_sets_nothing() -> None:
    store = MemoryStore()

    def refuse(_: Pins) -> Pins:
        raise LookupError("no such scenario")

    with pytest.raises(LookupError, match="no such scenario"):
        await change_fact(store, "ns", PINS, refuse)

    assert await store.namespaces() == {}


def test_each_error_names_what_was_overtaken() -> None:
    assert id_taken("t1").message == "Task id 't1' is taken."
    assert task_changed("t1").message == "Task 't1' was changed by somebody else."
    assert fact_changed("ns", FAULTS).message == "The faults of 'ns' was changed by somebody else."
    assert id_taken("t1").status == task_changed("t1").status == 409
