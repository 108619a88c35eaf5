"""The store in memory: as fast as a dictionary, gone with the process."""

import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from xpander_emulator.clock import Clock
from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.codec.facts import CLOCK, FAULTS, PINS
from xpander_emulator.store.notifications import Notifications, Subscription
from xpander_emulator.store.port import NO_PINS, Contents, Fact, Reading, Task, Value

_NOTHING: Final = Reading(None, (), None)


@dataclass(slots=True)
class _Namespace:
    tasks: dict[str, Task] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    ordinals: int = 0
    facts: dict[Fact[Any], Any] = field(default_factory=dict)
    hits: dict[str, dict[str, int]] = field(default_factory=dict)


class MemoryStore:
    """Keeps everything in dictionaries of one process and one event loop."""

    log: Final = None
    is_near: Final = True

    def __init__(self) -> None:
        self._namespaces: dict[str, _Namespace] = {}
        # Insertion order over all namespaces; the values are not used. The first of a plain dict is found behind all
        # that were deleted before it.
        self._ages: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.notifications = Notifications()
        self._salt = secrets.token_bytes(16)

    def agree_on(self, first: Clock) -> Clock:
        return first

    def salt(self) -> bytes:
        return self._salt

    async def close(self) -> None:
        pass

    async def read(self, namespace: str, task_id: str) -> Reading:
        room = self._namespaces.get(namespace)
        if room is None:
            return _NOTHING
        children = room.children.get(task_id)
        tasks = [room.tasks[child] for child in children] if children else ()
        facts = room.facts
        if not facts:
            return Reading(room.tasks.get(task_id), tasks, None)
        return Reading(
            room.tasks.get(task_id), tasks, facts.get(CLOCK), facts.get(FAULTS, ()), facts.get(PINS, NO_PINS)
        )

    async def get(self, namespace: str, task_id: str) -> Task | None:
        room = self._namespaces.get(namespace)
        return room.tasks.get(task_id) if room else None

    async def add(self, namespace: str, tasks: Sequence[Task]) -> int:
        room = self._room(namespace)
        self._check_ids(room, tasks)
        self._insert(namespace, room, tasks)
        return len(self._ages)

    def _check_ids(self, room: _Namespace, tasks: Sequence[Task]) -> None:
        for place, task in enumerate(tasks):
            if task.id in room.tasks or (place and any(task.id == other.id for other in tasks[:place])):
                raise StaleWrite(f"Task id '{task.id}' is taken.")

    def _insert(self, namespace: str, room: _Namespace, tasks: Sequence[Task]) -> None:
        for task in tasks:
            room.tasks[task.id] = task
            self._ages[namespace, task.id] = None
            if task.parent is not None:
                room.children.setdefault(task.parent, []).append(task.id)
            self.notifications.ring(namespace, task.announced_as)

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        room = self._room(namespace)
        kept = room.tasks.get(task.id)
        if kept is None or kept.version != task.version - 1:
            raise StaleWrite(f"Task '{task.id}' was changed by somebody else.")
        self._check_ids(room, new)
        room.tasks[task.id] = task
        self.notifications.ring(namespace, task.id)
        self._insert(namespace, room, new)

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
            self.notifications.ring(namespace, task_id)

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

    async def fact(self, namespace: str, fact: Fact[Value]) -> Value:
        room = self._namespaces.get(namespace)
        found: Value = room.facts.get(fact, fact.initial) if room else fact.initial
        return found

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        if await self.fact(namespace, fact) != seen:
            raise StaleWrite(f"The {fact.name} of '{namespace}' was changed by somebody else.")
        room = self._room(namespace)
        room.facts[fact] = value
        if fact.counted:
            room.hits.pop("", None)
        self.notifications.ring(namespace)

    async def hit(self, namespace: str, task_id: str, rule: str) -> int:
        room = self._room(namespace)
        if task_id and task_id not in room.tasks:
            return 1
        hits = room.hits.setdefault(task_id, {})
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
        if FAULTS.name in scopes:
            room.hits = {}
        room.facts = {fact: value for fact, value in room.facts.items() if fact.name not in scopes}
        self.notifications.ring(namespace)
        if room == _Namespace():
            del self._namespaces[namespace]

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        room = self._namespaces.get(namespace) or _Namespace()
        return Contents(
            tuple(room.tasks.values()), room.ordinals, {fact: room.facts.get(fact, fact.initial) for fact in facts}
        )

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        for task_id in self._room(namespace).tasks:
            del self._ages[namespace, task_id]
        room = self._namespaces[namespace] = _Namespace(ordinals=contents.ordinals, facts=dict(contents.facts))
        self._insert(namespace, room, contents.tasks)
        self.notifications.ring(namespace)

    @asynccontextmanager
    async def listen(self, namespace: str, task_ids: Sequence[str]) -> AsyncIterator[Subscription]:
        with self.notifications.listen(namespace, task_ids) as subscription:
            yield subscription

    @asynccontextmanager
    async def listen_elsewhere(self, namespace: str) -> AsyncIterator[Subscription]:
        # There are no other processes.
        yield Subscription()

    async def wake(self) -> None:
        self.notifications.ring_all()

    def _room(self, namespace: str) -> _Namespace:
        room = self._namespaces.get(namespace)
        if room is None:
            room = self._namespaces[namespace] = _Namespace()
        return room
