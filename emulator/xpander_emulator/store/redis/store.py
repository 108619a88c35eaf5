"""The store in Redis or Valkey: any number of servers on any number of machines share it.

Each transition is one Lua script, so that nobody sees half of one. What survives a crash of Redis is what its own
configuration says (`appendonly`, `appendfsync`).
"""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final
from urllib.parse import quote

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.codec.facts import CLOCK, FAULTS, PINS, task_to_bytes, timelines_of
from xpander_emulator.store.codec.timelines import FORMAT, check_format
from xpander_emulator.store.initial_clock import agreed
from xpander_emulator.store.notifications import Notifications, Subscription
from xpander_emulator.store.port import Contents, Fact, Reading, StoreUnavailable, Task, Value
from xpander_emulator.store.redis import lua_scripts as scripts
from xpander_emulator.store.redis.autopipeline import Lane
from xpander_emulator.store.redis.channel import Channel
from xpander_emulator.store.redis.log import RedisLog
from xpander_emulator.store.task_cache import TaskCache

PREFIX: Final = "xpander-emulator:"
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0
# What a Redis says that is not able to serve now; any other refusal of a command is a defect of ours.
_UNABLE: Final = ("MISCONF", "OOM", "NOREPLICAS", "MASTERDOWN", "BUSY", "CLUSTERDOWN", "max number of clients")
_EMPTY: Final = b""


class RedisStore:
    """Keeps everything in one database of a Redis or Valkey.

    shown: the URL without its credentials.
    name:  under which this process tells others of its changes.

    Raises StoreUnavailable where it does not answer, UnknownFormat where another version has written to it.
    """

    is_near: Final = False

    def __init__(self, url: str, shown: str) -> None:
        self.shown = shown
        self._url = url
        # redis-py's own types change with its versions; what is asked of it here has been the same since 6.0.
        self._client: Any = None
        self._lane: Lane | None = None
        self._kept = TaskCache()
        self.name = ""
        # The epoch that was read last; None while the database is empty, as far as this process knows.
        self._epoch: bytes | None = None
        # What the namespaces of a database start with that is begun anew, as it is stored.
        self._first_clock = _EMPTY
        self.log = RedisLog(self)
        self.notifications = Notifications()
        # Of the database, which gets it again if it is begun anew.
        self._salt = _EMPTY
        self._channel = Channel(self, PREFIX + "rings")
        with self.translated_errors(), self._briefly() as client:
            self._check_format(client)

    # The connection

    @property
    def client(self) -> Any:
        """The client of this process; made at the first use, so that none is carried through a fork."""
        if self._client is None:
            import redis.asyncio
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff

            self.name = secrets.token_hex(4)
            # A write is never sent twice: the first may have been done although its answer was lost.
            self._client = redis.asyncio.Redis.from_url(
                self._url,
                retry=Retry(NoBackoff(), 0),
                socket_connect_timeout=CONNECT_SECONDS,
                socket_timeout=ANSWER_SECONDS,
            )
        return self._client

    @property
    def lane(self) -> Lane:
        """The way of all questions but those for the channel."""
        if self._lane is None:
            self._lane = Lane(self.client)
        return self._lane

    @contextmanager
    def _briefly(self) -> Iterator[Any]:
        import redis

        client = redis.Redis.from_url(self._url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS)
        try:
            yield client
        finally:
            client.close()

    async def close(self) -> None:
        await self._channel.close()
        client, self._client, self._lane = self._client, None, None
        if client is not None:
            await client.aclose()

    def _check_format(self, client: Any) -> None:
        """Raise UnknownFormat where another version, or another program, has written to our keys."""
        key = PREFIX + "format"
        kind = client.type(key)
        if kind != b"none":
            found = client.get(key) if kind == b"string" else kind
            check_format(self.shown, int(found) if found.isdigit() else found.decode(errors="replace"))

    def salt(self) -> bytes:
        if not self._salt:
            with self.translated_errors(), self._briefly() as client:
                self._begin(client)
        return self._salt

    def _begin(self, client: Any) -> None:
        """Begin an empty database, and read its salt. Raises UnknownFormat where another version was first."""
        client.set(PREFIX + "format", FORMAT, nx=True)
        self._check_format(client)
        client.set(PREFIX + "salt", secrets.token_bytes(16), nx=True)
        self._salt = bytes(client.get(PREFIX + "salt"))
        keys = self._keys()
        client.eval(scripts.BEGIN, len(keys), *keys)

    def agree_on(self, first: Clock) -> Clock:
        with self.translated_errors(), self._briefly() as client:
            self._first_clock = CLOCK.to_bytes(first)
            # At the start, so that no request waits for the salt.
            self._begin(client)
            key = PREFIX + "first_clock"
            while True:
                kept = client.get(key)
                clock = agreed(first, kept and CLOCK.from_bytes(kept), machine_time())
                self._first_clock = CLOCK.to_bytes(clock)
                if client.eval(_SET_IF, 1, key, self._first_clock, kept or _EMPTY):
                    return clock

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Turn what Redis and the way to it raise into what a client is told."""
        from redis import exceptions

        unable = (exceptions.OutOfMemoryError, exceptions.ReadOnlyError, exceptions.NoPermissionError)
        try:
            yield
        except exceptions.ResponseError as error:
            if not isinstance(error, unable) and not str(error).startswith(_UNABLE):
                raise
            raise StoreUnavailable(f"The store {self.shown} refuses: {str(error).rstrip('.')}.") from error
        except (exceptions.RedisError, OSError) as error:
            reason = str(error).rstrip(".") or type(error).__name__
            raise StoreUnavailable(f"The store {self.shown} does not answer: {reason}.") from error

    async def run(self, script: str, *values: Any) -> Any:
        """Return what a script gives for these values, the first of them a namespace."""
        with self.translated_errors():
            return await self.lane.run(script, self._keys(), values)

    def _keys(self) -> list[Any]:
        """Return the keys of every script; the epoch is one that has never been, should the database be begun anew."""
        epoch = scripts.EPOCHS.start + secrets.randbelow(len(scripts.EPOCHS))
        return [PREFIX, self.name, epoch, FORMAT, self._first_clock, self._salt]

    async def check_epoch(self) -> None:
        """Wake whoever waits if the database was begun anew."""
        self._read_epoch(await self.ask("GET", "epoch"))

    def _read_epoch(self, epoch: bytes | None) -> None:
        """Drop what is cached if the database was begun anew, and wake whoever waits: its tasks are gone."""
        if epoch == self._epoch:
            return
        before, self._epoch = self._epoch, epoch
        if before is not None:
            self._kept.clear()
            self.notifications.ring_all()

    async def ask(self, command: str, key: str, *values: Any) -> Any:
        """Return what a command gives for one of our keys."""
        with self.translated_errors():
            return await self.lane.ask(command, PREFIX + key, *values)

    # Tasks

    async def read(self, namespace: str, task_id: str) -> Reading:
        epoch, clock, faults, pins, *values = await self.run(scripts.READ, namespace, task_id, _parent(task_id))
        self._read_epoch(epoch)
        task, *others = await self._tasks(namespace, values)
        children = [each for each in others if each is not None]
        return Reading(task, children, _value(CLOCK, clock), _value(FAULTS, faults), _value(PINS, pins))

    async def get(self, namespace: str, task_id: str) -> Task | None:
        return (await self._tasks(namespace, [await self.ask("HGET", f"tasks:{namespace}", task_id)]))[0]

    async def all(self, namespace: str) -> Sequence[Task]:
        return _by_ordinal(await self._tasks(namespace, await self.ask("HVALS", f"tasks:{namespace}")))

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        return (await self.read(namespace, task_id)).children

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        found = await self.run(scripts.OLDEST, most)
        namespaces = [namespace.decode() for namespace in found[::2]]
        tasks = await self._tasks_of(list(zip(namespaces, found[1::2], strict=True)))
        return [(namespace, task) for namespace, task in zip(namespaces, tasks, strict=True) if task is not None]

    async def count(self) -> int:
        return int(await self.ask("ZCARD", "ages"))

    async def namespaces(self) -> Mapping[str, int]:
        found = await self.run(scripts.NAMESPACES)
        return {name.decode(): count for name, count in zip(found[::2], found[1::2], strict=True)}

    async def _tasks(self, namespace: str, values: Sequence[bytes | None]) -> list[Task | None]:
        """Return the tasks of what is stored in a namespace."""
        return await self._tasks_of([(namespace, value) for value in values])

    async def _tasks_of(self, values: Sequence[tuple[str, bytes | None]]) -> list[Task | None]:
        """Return the tasks of stored values, each with its namespace; unknown timelines are asked for in one go."""
        parts = [None if value is None else (namespace, *_parted(value)) for namespace, value in values]
        unknown = [part[-1] for part in parts if part is not None and not self._kept.knows(*part)]
        lacking = sorted({name for record in unknown for name in timelines_of(record) if self._kept.lacks(name)})
        texts: dict[str, bytes | None] = {}
        if lacking:
            found = await self.ask("HMGET", "timelines", *lacking)
            texts = dict(zip(lacking, found, strict=True))

        def text(name: str) -> bytes:
            if (known := texts[name]) is None:
                raise StoreUnavailable(f"A task was removed from {self.shown} while it was read; ask again.")
            return known

        return [None if part is None else self._kept.task(*part, text) for part in parts]

    async def add(self, namespace: str, tasks: Sequence[Task]) -> int:
        records = [self._record(task) for task in tasks]
        answer = await self.run(scripts.ADD, namespace, *self._new(tasks, records))
        if isinstance(answer, bytes):
            raise StaleWrite(f"Task id '{answer.decode()}' is taken.")
        count, marks = answer
        self._keep(namespace, tasks, records, marks)
        return int(count)

    def _keep(self, namespace: str, tasks: Sequence[Task], records: Sequence[bytes], marks: Sequence[int]) -> None:
        for task, record, mark in zip(tasks, records, marks, strict=True):
            self._kept.keep(namespace, task.marked(mark), record)
            self.notifications.ring(namespace, task.announced_as)

    def _new(
        self, tasks: Sequence[Task], records: Sequence[bytes], *between: Any, followed: Sequence[Task] = ()
    ) -> list[Any]:
        """Return what the scripts take of new tasks and their records, with what stands between.

        How many timelines they and `followed` follow, `between`, names and texts of the timelines, six values of each.
        """
        texts = dict(self._kept.names.of(turn.timeline) for task in (*followed, *tasks) for turn in task.turns)
        told: list[Any] = [len(texts), *between, *(part for pair in texts.items() for part in pair)]
        for task, record in zip(tasks, records, strict=True):
            told += [task.id, task.ordinal, task.version, self._followed(task), _parent(task.parent), record]
        return told

    def _record(self, task: Task) -> bytes:
        return task_to_bytes(task, lambda timeline: self._kept.names.of(timeline)[0])

    def _followed(self, task: Task) -> str:
        return ",".join(sorted({self._kept.names.of(turn.timeline)[0] for turn in task.turns}))

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        record, records = self._record(task), [self._record(each) for each in new]
        head = (task.id, task.version - 1, task.mark, task.version, self._followed(task), record)
        answer = await self.run(scripts.REPLACE, namespace, *self._new(new, records, *head, followed=(task,)))
        if isinstance(answer, bytes):
            raise StaleWrite(f"Task id '{answer.decode()}' is taken.")
        if not isinstance(answer, list):
            raise StaleWrite(f"Task '{task.id}' was changed by somebody else.")
        self._kept.keep(namespace, task, record)
        self.notifications.ring(namespace, task.id)
        self._keep(namespace, new, records, answer)

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        await self.run(scripts.REMOVE, namespace, *task_ids)
        for task_id in task_ids:
            self.notifications.ring(namespace, task_id)

    # Namespaces

    async def next_ordinal(self, namespace: str, how_many: int = 1) -> int:
        return int(await self.run(scripts.NEXT_ORDINAL, namespace, how_many))

    async def fact(self, namespace: str, fact: Fact[Value]) -> Value:
        found = await self.ask("HGET", f"namespace:{namespace}", f"fact:{fact.name}")
        return _value(fact, found)

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        told = (fact.to_bytes(each) for each in (value, seen, fact.initial))
        if not await self.run(scripts.SET_FACT, namespace, fact.name, *told, int(fact.counted)):
            raise StaleWrite(f"The {fact.name} of '{namespace}' was changed by somebody else.")
        self.notifications.ring(namespace)

    async def hit(self, namespace: str, task_id: str, rule: str) -> int:
        return int(await self.run(scripts.HIT, namespace, task_id, rule))

    async def hits(self, namespace: str, task_id: str, rule: str) -> int:
        return int(await self.ask("HGET", f"hits:{len(namespace.encode())}:{namespace}{task_id}", rule) or 0)

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        await self.run(scripts.RESET, namespace, " ".join(sorted(scopes)))
        self.notifications.ring(namespace)

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        ordinals, values, *told = await self.run(scripts.CONTENTS, namespace, *(fact.name for fact in facts))
        found = {fact: _value(fact, value) for fact, value in zip(facts, told, strict=True)}
        return Contents(_by_ordinal(await self._tasks(namespace, values)), int(ordinals or 0), found)

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        facts = [part for fact, value in contents.facts.items() for part in (fact.name, fact.to_bytes(value))]
        records = [self._record(task) for task in contents.tasks]
        told = self._new(contents.tasks, records, contents.ordinals, len(contents.facts), *facts)
        self._keep(namespace, contents.tasks, records, await self.run(scripts.REPLACE_ALL, namespace, *told))
        self.notifications.ring(namespace)

    # Bells

    @asynccontextmanager
    async def listen(self, namespace: str, task_ids: Sequence[str]) -> AsyncIterator[Subscription]:
        with self.notifications.listen(namespace, task_ids) as subscription:
            await self._channel.join()
            yield subscription

    @asynccontextmanager
    async def listen_elsewhere(self, namespace: str) -> AsyncIterator[Subscription]:
        with self.notifications.listen_elsewhere(namespace) as subscription:
            await self._channel.join()
            yield subscription

    async def wake(self) -> None:
        self.notifications.ring_all()


_SET_IF: Final = (
    "if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then return 0 end redis.call('SET', KEYS[1], ARGV[1]) return 1"
)


def _parted(value: bytes) -> tuple[int, int, bytes]:
    """Return mark, version and record of what a task is stored as."""
    head, _, record = value.partition(b"\n")
    mark, version, *_ = head.split(b" ")
    return int(mark), int(version), record


def _value(fact: Fact[Value], record: bytes | None) -> Value:
    return fact.initial if record is None else fact.from_bytes(record)


def _parent(task_id: str | None) -> str:
    return "." if task_id is None else f"={quote(task_id, safe='')}"


def _by_ordinal(tasks: Sequence[Task | None]) -> list[Task]:
    return sorted((task for task in tasks if task is not None), key=lambda task: (task.ordinal, task.mark))
