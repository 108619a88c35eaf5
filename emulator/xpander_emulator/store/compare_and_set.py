"""Writes that other writers may overtake: a change of a fact, and the errors of a writer that was overtaken."""

from collections.abc import Callable
from typing import Any, Final

from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.port import Fact, Store, Value

ATTEMPTS: Final = 20


async def change_fact(store: Store, namespace: str, fact: Fact[Value], change: Callable[[Value], Value]) -> Value:
    """Set a fact to what `change` returns for its value, and return that; try again where another writer was faster.

    Raises StaleWrite where others were faster every time.
    """
    for _ in range(ATTEMPTS):
        seen = await store.fact(namespace, fact)
        changed = change(seen)
        try:
            await store.set_fact(namespace, fact, changed, seen)
        except StaleWrite:
            continue
        return changed
    raise StaleWrite(f"The {fact.name} of '{namespace}' is being changed by others all the time; try again.")


def id_taken(task_id: str) -> StaleWrite:
    """Return the error for a new task whose id another task has."""
    return StaleWrite(f"Task id '{task_id}' is taken.")


def task_changed(task_id: str) -> StaleWrite:
    """Return the error for a write of a task that another writer has changed or deleted."""
    return StaleWrite(f"Task '{task_id}' was changed by somebody else.")


def fact_changed(namespace: str, fact: Fact[Any]) -> StaleWrite:
    """Return the error for a write of a fact that another writer has set."""
    return StaleWrite(f"The {fact.name} of '{namespace}' was changed by somebody else.")
