"""The store in memory: as fast as a dictionary, gone with the process."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emulator.clock import Clock
from emulator.core.faults import FaultRule
from emulator.errors import StaleWrite
from emulator.store import NO_PINS, Pin, Pins, Task


@dataclass(slots=True)
class _Namespace:
    tasks: dict[str, Task] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    ordinals: int = 0
    clock: Clock | None = None
    pins: Pins = NO_PINS
    faults: tuple[FaultRule, ...] = ()
    hits: dict[str, dict[str, int]] = field(default_factory=dict)


class MemoryStore:
    """Keeps everything in dictionaries of one process and one event loop."""

    def __init__(self) -> None:
        self._namespaces: dict[str, _Namespace] = {}
        # Insertion order over all namespaces; the values are not used. The first of a plain dict is found behind all
        # that were deleted before it.
        self._ages: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._sleepers: dict[tuple[str, str], set[asyncio.Future[None]]] = {}

    async def get(self, namespace: str, task_id: str) -> Task | None:
        room = self._namespaces.get(namespace)
        return room.tasks.get(task_id) if room else None

    async def add(self, namespace: str, tasks: Sequence[Task]) -> None:
        room = self._room(namespace)
        for task in tasks:
            if task.id in room.tasks:
                raise StaleWrite(f"Task id '{task.id}' is taken.")
        for task in tasks:
            room.tasks[task.id] = task
            self._ages[namespace, task.id] = None
            if task.parent is not None:
                room.children.setdefault(task.parent, []).append(task.id)
                self._ring(namespace, task.parent)

    async def replace(self, namespace: str, task: Task) -> None:
        room = self._room(namespace)
        kept = room.tasks.get(task.id)
        if kept is None or kept.version != task.version - 1:
            raise StaleWrite(f"Task '{task.id}' was changed by somebody else.")
        room.tasks[task.id] = task
        self._ring(namespace, task.id)

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        room = self._room(namespace)
        for task_id in task_ids:
            task = room.tasks.pop(task_id, None)
            if task is None:
                continue
            del self._ages[namespace, task_id]
            room.hits.pop(task_id, None)
            siblings = room.children.get(task.parent, []) if task.parent is not None else []
            if task_id in siblings:
                siblings.remove(task_id)
            if task.parent is not None and not siblings:
                room.children.pop(task.parent, None)
            self._ring(namespace, task_id)

    async def all(self, namespace: str) -> Sequence[Task]:
        room = self._namespaces.get(namespace)
        return tuple(room.tasks.values()) if room else ()

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        room = self._namespaces.get(namespace)
        return tuple(room.tasks[child] for child in room.children.get(task_id, ())) if room else ()

    async def count(self) -> int:
        return len(self._ages)

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        return [
            (namespace, self._namespaces[namespace].tasks[task_id])
            for (namespace, task_id), _ in zip(self._ages, range(most), strict=False)
        ]

    async def next_ordinal(self, namespace: str, how_many: int = 1) -> int:
        room = self._room(namespace)
        first = room.ordinals
        room.ordinals += how_many
        return first

    async def namespaces(self) -> Mapping[str, int]:
        return {name: len(room.tasks) for name, room in self._namespaces.items()}

    async def clock(self, namespace: str) -> Clock | None:
        room = self._namespaces.get(namespace)
        return room.clock if room else None

    async def set_clock(self, namespace: str, clock: Clock) -> None:
        self._room(namespace).clock = clock
        self._ring(namespace, "")

    async def pins(self, namespace: str) -> Pins:
        room = self._namespaces.get(namespace)
        return room.pins if room else NO_PINS

    async def set_pins(self, namespace: str, pins: Pins) -> None:
        self._room(namespace).pins = pins

    async def take_pin(self, namespace: str) -> Pin | None:
        room = self._namespaces.get(namespace)
        if room is None or not room.pins.upcoming:
            return None
        taken, *rest = room.pins.upcoming
        room.pins = Pins(room.pins.default, tuple(rest))
        return taken

    async def faults(self, namespace: str) -> Sequence[FaultRule]:
        room = self._namespaces.get(namespace)
        return room.faults if room else ()

    async def set_faults(self, namespace: str, rules: Sequence[FaultRule]) -> None:
        room = self._room(namespace)
        room.faults = tuple(rules)
        room.hits.pop("", None)

    async def hit(self, namespace: str, task_id: str, rule: str) -> int:
        hits = self._room(namespace).hits.setdefault(task_id, {})
        hits[rule] = hits.get(rule, 0) + 1
        return hits[rule]

    async def hits(self, namespace: str, task_id: str, rule: str) -> int:
        room = self._namespaces.get(namespace)
        return room.hits.get(task_id, {}).get(rule, 0) if room else 0

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        room = self._room(namespace)
        if "tasks" in scopes:
            for task_id in room.tasks:
                del self._ages[namespace, task_id]
            room.tasks, room.children, room.ordinals = {}, {}, 0
            room.hits = {"": room.hits[""]} if "" in room.hits else {}
        if "clock" in scopes:
            room.clock = None
        if "pins" in scopes:
            room.pins = NO_PINS
        if "faults" in scopes:
            room.faults, room.hits = (), {}
        self._ring(namespace, "")
        if room == _Namespace():
            del self._namespaces[namespace]

    async def wait(self, namespace: str, task_ids: Sequence[str], seconds: float | None) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        keys = [(namespace, task_id) for task_id in ("", *task_ids)]
        for key in keys:
            self._sleepers.setdefault(key, set()).add(sleeper)
        try:
            async with asyncio.timeout(seconds):
                await sleeper
        except TimeoutError:
            pass
        finally:
            for key in keys:
                self._forget(key, sleeper)

    async def wake(self) -> None:
        for namespace, task_id in tuple(self._sleepers):
            self._ring(namespace, task_id)

    def _room(self, namespace: str) -> _Namespace:
        return self._namespaces.setdefault(namespace, _Namespace())

    def _ring(self, namespace: str, task_id: str) -> None:
        for sleeper in self._sleepers.get((namespace, task_id), ()):
            if not sleeper.done():
                sleeper.set_result(None)

    def _forget(self, key: tuple[str, str], sleeper: "asyncio.Future[None]") -> None:
        sleepers = self._sleepers[key]
        sleepers.discard(sleeper)
        if not sleepers:
            del self._sleepers[key]
