"""Changing a fact of a namespace beside others who change it too."""

from collections.abc import Callable
from typing import Final

from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.port import Fact, Store, Value

ATTEMPTS: Final = 20


async def change_fact(store: Store, namespace: str, fact: Fact[Value], change: Callable[[Value], Value]) -> Value:
    """Keep what `change` makes of a fact, and return it; it is made anew where somebody else was faster.

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
