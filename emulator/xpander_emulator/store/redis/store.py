"""The store in Redis or Valkey: any number of servers on any number of machines share it.

Each transition is one Lua script, so that nobody sees half of one. What survives a crash of Redis follows from its
configuration (`appendonly`, `appendfsync`).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any, Final
from urllib.parse import quote

from xpander_emulator.clock import Clock
from xpander_emulator.store.codec.facts import CLOCK, FAULTS, PINS, task_to_bytes, timelines_of
from xpander_emulator.store.compare_and_set import fact_changed, id_taken, task_changed
from xpander_emulator.store.notifications import Notifications, Subscription
from xpander_emulator.store.port import Contents, Fact, Reading, StoreUnavailable, Task, Value
from xpander_emulator.store.redis import lua_scripts as scripts
from xpander_emulator.store.redis.channel import Channel
from xpander_emulator.store.redis.database import Database
from xpander_emulator.store.redis.log import RedisLog
from xpander_emulator.store.task_cache import TaskCache


class RedisStore:
    """Stores everything in one database of a Redis or Valkey.

    shown: the URL without its credentials.

    Raises StoreUnavailable where it does not answer, UnknownFormat where another version has written to it.
    """

    is_near: Final = False

    def __init__(self, url: str, shown: str) -> None:
        self.database = Database(url, shown, self._begin_anew)
        self._run, self._execute = self.database.run, self.database.execute
        self.log = RedisLog(self.database)
        self.notifications = Notifications()
        self._channel = Channel(self.database, self.notifications)
        self._cache = TaskCache()

    def _begin_anew(self) -> None:
        """Drop the cached tasks of a database that was flushed, and wake all subscribers: their tasks are gone."""
        self._cache.clear()
        self.notifications.notify_all()

    async def close(self) -> None:
        await self._channel.close()
        await self.database.close()

    def agree_on(self, clock: Clock) -> Clock:
        return self.database.agree_on(clock)

    def salt(self) -> bytes:
        return self.database.salt()

    # Tasks

    async def read(self, namespace: str, task_id: str) -> Reading:
        epoch, clock, faults, pins, *values = await self._run(scripts.READ, namespace, task_id, _parent(task_id))
        self.database.note_epoch(epoch)
        task, *others = await self._tasks(namespace, values)
        children = [child for child in others if child is not None]
        return Reading(task, children, _value(CLOCK, clock), _value(FAULTS, faults), _value(PINS, pins))

    async def get(self, namespace: str, task_id: str) -> Task | None:
        return (await self._tasks(namespace, [await self._execute("HGET", f"tasks:{namespace}", task_id)]))[0]

    async def all(self, namespace: str) -> Sequence[Task]:
        return _by_ordinal(await self._tasks(namespace, await self._execute("HVALS", f"tasks:{namespace}")))

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        return (await self.read(namespace, task_id)).children

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        reply = await self._run(scripts.OLDEST, most)
        namespaces = [namespace.decode() for namespace in reply[::2]]
        tasks = await self._tasks_of(list(zip(namespaces, reply[1::2], strict=True)))
        return [(namespace, task) for namespace, task in zip(namespaces, tasks, strict=True) if task is not None]

    async def count(self) -> int:
        return int(await self._execute("ZCARD", "ages"))

    async def namespaces(self) -> Mapping[str, int]:
        reply = await self._run(scripts.NAMESPACES)
        return {name.decode(): count for name, count in zip(reply[::2], reply[1::2], strict=True)}

    async def _tasks(self, namespace: str, values: Sequence[bytes | None]) -> list[Task | None]:
        """Return the tasks of stored values of a namespace."""
        return await self._tasks_of([(namespace, value) for value in values])

    async def _tasks_of(self, values: Sequence[tuple[str, bytes | None]]) -> list[Task | None]:
        """Return the tasks of stored values, each with its namespace; one command reads all missing timelines."""
        rows = [None if value is None else (namespace, *_row(value)) for namespace, value in values]
        records = [row[-1] for row in rows if row is not None and not self._cache.has(*row)]
        named = {digest for record in records for digest in timelines_of(record)}
        missing = [digest for digest in named if not self._cache.has_timeline(digest)]
        texts: dict[str, bytes | None] = {}
        if missing:
            texts = dict(zip(missing, await self._execute("HMGET", "timelines", *missing), strict=True))

        def text(digest: str) -> bytes:
            if (stored := texts[digest]) is None:
                raise StoreUnavailable(f"A task was removed from {self.database.shown} while it was read; ask again.")
            return stored

        return [None if row is None else self._cache.task(*row, text) for row in rows]

    async def add(self, namespace: str, tasks: Sequence[Task]) -> int:
        records = [self._record(task) for task in tasks]
        answer = await self._run(scripts.ADD, namespace, *self._new(tasks, records))
        if isinstance(answer, bytes):
            raise id_taken(answer.decode())
        count, marks = answer
        self._after_insert(namespace, tasks, records, marks)
        return int(count)

    def _after_insert(
        self, namespace: str, tasks: Sequence[Task], records: Sequence[bytes], marks: Sequence[int]
    ) -> None:
        for task, record, mark in zip(tasks, records, marks, strict=True):
            self._cache.put(namespace, task.marked(mark), record)
            self.notifications.notify(namespace, task.announced_as)

    def _new(
        self, tasks: Sequence[Task], records: Sequence[bytes], *between: Any, followed: Sequence[Task] = ()
    ) -> list[Any]:
        """Return the arguments of a script that stores new tasks.

        The number of the timelines that they and `followed` follow, `between`, digests and texts of the timelines, and
        six values of each task.
        """
        turns = [turn for task in (*followed, *tasks) for turn in task.turns]
        texts = dict(self._cache.digests.with_text(turn.timeline) for turn in turns)
        arguments: list[Any] = [len(texts), *between, *chain.from_iterable(texts.items())]
        for task, record in zip(tasks, records, strict=True):
            arguments += [task.id, task.ordinal, task.version, self._followed(task), _parent(task.parent), record]
        return arguments

    def _record(self, task: Task) -> bytes:
        return task_to_bytes(task, self._cache.digests)

    def _followed(self, task: Task) -> str:
        return ",".join(sorted({self._cache.digests(turn.timeline) for turn in task.turns}))

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        record, records = self._record(task), [self._record(each) for each in new]
        head = (task.id, task.version - 1, task.mark, task.version, self._followed(task), record)
        answer = await self._run(scripts.REPLACE, namespace, *self._new(new, records, *head, followed=(task,)))
        if isinstance(answer, bytes):
            raise id_taken(answer.decode())
        if not isinstance(answer, list):
            raise task_changed(task.id)
        self._cache.put(namespace, task, record)
        self.notifications.notify(namespace, task.id)
        self._after_insert(namespace, new, records, answer)

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        await self._run(scripts.REMOVE, namespace, *task_ids)
        for task_id in task_ids:
            self.notifications.notify(namespace, task_id)

    # Namespaces

    async def next_ordinal(self, namespace: str, count: int = 1) -> int:
        return int(await self._run(scripts.NEXT_ORDINAL, namespace, count))

    async def fact(self, namespace: str, fact: Fact[Value]) -> Value:
        return _value(fact, await self._execute("HGET", f"namespace:{namespace}", f"fact:{fact.name}"))

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        records = map(fact.to_bytes, (value, seen, fact.initial))
        if not await self._run(scripts.SET_FACT, namespace, fact.name, *records, int(fact.counted)):
            raise fact_changed(namespace, fact)
        self.notifications.notify(namespace)

    async def count_match(self, namespace: str, task_id: str, rule: str) -> int:
        return int(await self._run(scripts.COUNT_MATCH, namespace, task_id, rule))

    async def matches(self, namespace: str, task_id: str, rule: str) -> int:
        return int(await self._execute("HGET", f"hits:{len(namespace.encode())}:{namespace}{task_id}", rule) or 0)

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        await self._run(scripts.RESET, namespace, " ".join(sorted(scopes)))
        self.notifications.notify(namespace)

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        ordinals, tasks, *records = await self._run(scripts.CONTENTS, namespace, *(fact.name for fact in facts))
        values = {fact: _value(fact, record) for fact, record in zip(facts, records, strict=True)}
        return Contents(_by_ordinal(await self._tasks(namespace, tasks)), int(ordinals or 0), values)

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        facts = [part for fact, value in contents.facts.items() for part in (fact.name, fact.to_bytes(value))]
        records = [self._record(task) for task in contents.tasks]
        arguments = self._new(contents.tasks, records, contents.ordinals, len(contents.facts), *facts)
        marks = await self._run(scripts.REPLACE_ALL, namespace, *arguments)
        self._after_insert(namespace, contents.tasks, records, marks)
        self.notifications.notify(namespace)

    @asynccontextmanager
    async def subscribe(self, namespace: str, keys: Sequence[str]) -> AsyncIterator[Subscription]:
        with self.notifications.subscribe(namespace, keys) as subscription:
            await self._channel.join()
            yield subscription


def _row(value: bytes) -> tuple[int, int, bytes]:
    """Return mark, version and record of the stored value of a task."""
    head, _, record = value.partition(b"\n")
    mark, version, *_ = head.split(b" ")
    return int(mark), int(version), record


def _value(fact: Fact[Value], record: bytes | None) -> Value:
    return fact.initial if record is None else fact.from_bytes(record)


def _parent(task_id: str | None) -> str:
    return "." if task_id is None else f"={quote(task_id, safe='')}"


def _by_ordinal(tasks: Sequence[Task | None]) -> list[Task]:
    return sorted((task for task in tasks if task is not None), key=lambda task: (task.ordinal, task.mark))
