"""The store in memory: as fast as a dictionary, gone with the process."""

import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from xpander_emulator.clock import Clock
from xpander_emulator.store.codec.facts import CLOCK, FAULTS, PINS
from xpander_emulator.store.compare_and_set import fact_changed, id_taken, task_changed
from xpander_emulator.store.notifications import Notifications, Subscription
from xpander_emulator.store.port import NO_PINS, Contents, Fact, Reading, Task, Value

_NOTHING: Final = Reading(None, (), None)


@dataclass(slots=True)
class _Data:
    tasks: dict[str, Task] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    ordinals: int = 0
    facts: dict[Fact[Any], Any] = field(default_factory=dict)
    matches: dict[str, dict[str, int]] = field(default_factory=dict)


class MemoryStore:
    """Stores everything in dictionaries of one process and one event loop."""

    log: Final = None
    is_near: Final = True

    def __init__(self) -> None:
        self._data: dict[str, _Data] = {}
        # Insertion order over all namespaces; the values are not used. A plain dict finds its first key only behind
        # all that were deleted before it.
        self._ages: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.notifications = Notifications()
        self._salt = secrets.token_bytes(16)

    def agree_on(self, clock: Clock) -> Clock:
        return clock

    def salt(self) -> bytes:
        return self._salt

    async def close(self) -> None:
        pass

    async def read(self, namespace: str, task_id: str) -> Reading:
        data = self._data.get(namespace)
        if data is None:
            return _NOTHING
        children = data.children.get(task_id)
        tasks = [data.tasks[child] for child in children] if children else ()
        task, facts = data.tasks.get(task_id), data.facts
        if not facts:
            return Reading(task, tasks, None)
        return Reading(task, tasks, facts.get(CLOCK), facts.get(FAULTS, ()), facts.get(PINS, NO_PINS))

    async def get(self, namespace: str, task_id: str) -> Task | None:
        data = self._data.get(namespace)
        return data.tasks.get(task_id) if data else None

    async def add(self, namespace: str, tasks: Sequence[Task]) -> int:
        data = self._data_of(namespace)
        _check_ids(data, tasks)
        self._insert(namespace, data, tasks)
        return len(self._ages)

    def _insert(self, namespace: str, data: _Data, tasks: Sequence[Task]) -> None:
        for task in tasks:
            data.tasks[task.id] = task
            self._ages[namespace, task.id] = None
            if task.parent is not None:
                data.children.setdefault(task.parent, []).append(task.id)
            self.notifications.notify(namespace, task.announced_as)

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        data = self._data_of(namespace)
        before = data.tasks.get(task.id)
        if before is None or before.version != task.version - 1:
            raise task_changed(task.id)
        _check_ids(data, new)
        data.tasks[task.id] = task
        self.notifications.notify(namespace, task.id)
        self._insert(namespace, data, new)

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        data = self._data_of(namespace)
        for task_id in task_ids:
            task = data.tasks.pop(task_id, None)
            if task is None:
                continue
            del self._ages[namespace, task_id]
            data.matches.pop(task_id, None)
            if task.parent is not None:
                siblings = data.children[task.parent]
                siblings.remove(task_id)
                if not siblings:
                    del data.children[task.parent]
            self.notifications.notify(namespace, task_id)

    async def all(self, namespace: str) -> Sequence[Task]:
        data = self._data.get(namespace)
        return tuple(data.tasks.values()) if data else ()

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        return (await self.read(namespace, task_id)).children

    async def count(self) -> int:
        return len(self._ages)

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        return [(namespace, self._data[namespace].tasks[task_id]) for namespace, task_id in islice(self._ages, most)]

    async def next_ordinal(self, namespace: str, count: int = 1) -> int:
        data = self._data_of(namespace)
        data.ordinals += count
        return data.ordinals - count

    async def namespaces(self) -> Mapping[str, int]:
        return {name: len(data.tasks) for name, data in self._data.items()}

    async def fact(self, namespace: str, fact: Fact[Value]) -> Value:
        data = self._data.get(namespace)
        value: Value = data.facts.get(fact, fact.initial) if data else fact.initial
        return value

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        if await self.fact(namespace, fact) != seen:
            raise fact_changed(namespace, fact)
        data = self._data_of(namespace)
        data.facts[fact] = value
        if fact.counted:
            data.matches.pop("", None)
        self.notifications.notify(namespace)

    async def count_match(self, namespace: str, task_id: str, rule: str) -> int:
        data = self._data_of(namespace)
        if task_id and task_id not in data.tasks:
            return 1
        matches = data.matches.setdefault(task_id, {})
        matches[rule] = matches.get(rule, 0) + 1
        return matches[rule]

    async def matches(self, namespace: str, task_id: str, rule: str) -> int:
        data = self._data.get(namespace)
        return data.matches.get(task_id, {}).get(rule, 0) if data else 0

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        data = self._data_of(namespace)
        if "tasks" in scopes:
            for task_id in data.tasks:
                del self._ages[namespace, task_id]
            data.tasks, data.children, data.ordinals = {}, {}, 0
            data.matches = {"": data.matches[""]} if "" in data.matches else {}
        if FAULTS.name in scopes:
            data.matches = {}
        data.facts = {fact: value for fact, value in data.facts.items() if fact.name not in scopes}
        self.notifications.notify(namespace)
        if data == _Data():
            del self._data[namespace]

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        data = self._data.get(namespace) or _Data()
        values = {fact: data.facts.get(fact, fact.initial) for fact in facts}
        return Contents(tuple(data.tasks.values()), data.ordinals, values)

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        for task_id in self._data_of(namespace).tasks:
            del self._ages[namespace, task_id]
        data = self._data[namespace] = _Data(ordinals=contents.ordinals, facts=dict(contents.facts))
        self._insert(namespace, data, contents.tasks)
        self.notifications.notify(namespace)

    @asynccontextmanager
    async def subscribe(self, namespace: str, keys: Sequence[str]) -> AsyncIterator[Subscription]:
        with self.notifications.subscribe(namespace, keys) as subscription:
            yield subscription

    def _data_of(self, name: str) -> _Data:
        data = self._data.get(name)
        if data is None:
            data = self._data[name] = _Data()
        return data


def _check_ids(data: _Data, tasks: Sequence[Task]) -> None:
    """Raise StaleWrite where a task or an earlier one of `tasks` has the id of a new task."""
    for place, task in enumerate(tasks):
        if task.id in data.tasks or (place and any(task.id == other.id for other in tasks[:place])):
            raise id_taken(task.id)
