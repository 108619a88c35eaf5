"""The store in Redis or Valkey: any number of servers on any number of machines share it.

Each transition is one Lua script, so that nobody sees half of one. What survives a crash of Redis is what its own
configuration says (`appendonly`, `appendfsync`).
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final
from urllib.parse import quote

from emulator.clock import Clock, machine_time
from emulator.errors import EmulatorError, StaleWrite
from emulator.store import Contents, Fact, Reading, StoreUnavailable, Task, Value
from emulator.store import redis_scripts as scripts
from emulator.store.bells import Bell, Bells
from emulator.store.facts import CLOCK, FAULTS, PINS, task_to_bytes, timelines_of
from emulator.store.first_clock import agreed
from emulator.store.kept import KeptTasks
from emulator.store.redis_lane import Lane
from emulator.store.redis_log import RedisLog
from emulator.store.timelines import FORMAT, check_format

PREFIX: Final = "xpander-emulator:"
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0
# How long the channel is still heard after the last listener has gone.
_LINGER_SECONDS: Final = 1.0
# What a Redis says that is not able to serve now; any other refusal of a command is a defect of ours.
_UNABLE: Final = ("MISCONF", "OOM", "NOREPLICAS", "MASTERDOWN", "BUSY", "CLUSTERDOWN", "max number of clients")
_EMPTY: Final = b""


class RedisStore:
    """Keeps everything in one database of a Redis or Valkey.

    shown: the URL as it may be told.

    Raises StoreUnavailable where it does not answer, UnknownFormat where another version has written to it.
    """

    is_near: Final = False

    def __init__(self, url: str, shown: str) -> None:
        self.shown = shown
        self._url = url
        # redis-py's own types change with its versions; what is asked of it here has been the same since 6.0.
        self._client: Any = None
        self._lane: Lane | None = None
        self._kept = KeptTasks()
        self._name = ""
        self.log = RedisLog(self)
        self.bells = Bells()
        self._hearing: asyncio.Task[None] | None = None
        self._joining = asyncio.Lock()
        self._salt = b""
        with self._told(), self._briefly() as client:
            self._check_format(client)

    # The connection

    @property
    def client(self) -> Any:
        """The client of this process; made at the first use, so that none is carried through a fork."""
        if self._client is None:
            import redis.asyncio
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff

            self._name = secrets.token_hex(4)
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
        hearing, self._hearing = self._hearing, None
        if hearing is not None:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
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
            with self._told(), self._briefly() as client:
                self._salt = _agreed_salt(client)
        return self._salt

    def agree_on(self, first: Clock) -> Clock:
        with self._told(), self._briefly() as client:
            client.set(PREFIX + "format", FORMAT, nx=True)
            # Another version may have been quicker.
            self._check_format(client)
            # At the start, so that no request waits for it.
            self._salt = _agreed_salt(client)
            key = PREFIX + "first_clock"
            while True:
                kept = client.get(key)
                clock = agreed(first, kept and CLOCK.from_bytes(kept), machine_time())
                if client.eval(_SET_IF, 1, key, CLOCK.to_bytes(clock), kept or _EMPTY):
                    return clock

    @contextmanager
    def _told(self) -> Iterator[None]:
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
        with self._told():
            return await self.lane.run(script, [PREFIX, self._name], values)

    async def ask(self, command: str, key: str, *values: Any) -> Any:
        """Return what a command gives for one of our keys."""
        with self._told():
            return await self.lane.ask(command, PREFIX + key, *values)

    # Tasks

    async def read(self, namespace: str, task_id: str) -> Reading:
        clock, faults, pins, *values = await self.run(scripts.READ, namespace, task_id, _parent(task_id))
        task, *others = await self._tasks(values)
        children = [each for each in others if each is not None]
        return Reading(task, children, _value(CLOCK, clock), _value(FAULTS, faults), _value(PINS, pins))

    async def get(self, namespace: str, task_id: str) -> Task | None:
        return (await self._tasks([await self.ask("HGET", f"tasks:{namespace}", task_id)]))[0]

    async def all(self, namespace: str) -> Sequence[Task]:
        return _by_ordinal(await self._tasks(await self.ask("HVALS", f"tasks:{namespace}")))

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        return (await self.read(namespace, task_id)).children

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        found = await self.run(scripts.OLDEST, most)
        tasks = await self._tasks(found[1::2])
        pairs = zip(found[::2], tasks, strict=True)
        return [(namespace.decode(), task) for namespace, task in pairs if task is not None]

    async def count(self) -> int:
        return int(await self.ask("ZCARD", "ages"))

    async def namespaces(self) -> Mapping[str, int]:
        found = await self.run(scripts.NAMESPACES)
        return {name.decode(): count for name, count in zip(found[::2], found[1::2], strict=True)}

    async def _tasks(self, values: Sequence[bytes | None]) -> list[Task | None]:
        """Return the tasks of stored values; timelines that this process has not met are asked for in one go."""
        parts = [None if value is None else _parted(value) for value in values]
        unknown = [part for part in parts if part is not None and not self._kept.knows(part[0], part[1])]
        lacking = sorted({name for _, _, record in unknown for name in timelines_of(record) if self._kept.lacks(name)})
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
        answer = await self.run(scripts.ADD, namespace, *self._new(tasks))
        if isinstance(answer, bytes):
            raise StaleWrite(f"Task id '{answer.decode()}' is taken.")
        count, marks = answer
        self._keep(namespace, tasks, marks)
        return int(count)

    def _keep(self, namespace: str, tasks: Sequence[Task], marks: Sequence[int]) -> None:
        for task, mark in zip(tasks, marks, strict=True):
            self._kept.keep(task.marked(mark))
            if task.parent is not None:
                self.bells.ring(namespace, task.parent)

    def _new(self, tasks: Sequence[Task], *between: Any, followed: Sequence[Task] = ()) -> list[Any]:
        """Return what the scripts take of new tasks, with what stands between.

        How many timelines they and `followed` follow, `between`, names and texts of the timelines, six values of each.
        """
        texts = dict(self._kept.names.of(turn.timeline) for task in (*followed, *tasks) for turn in task.turns)
        told: list[Any] = [len(texts), *between, *(part for pair in texts.items() for part in pair)]
        for task in tasks:
            told += [
                task.id,
                task.ordinal,
                task.version,
                self._followed(task),
                _parent(task.parent),
                self._record(task),
            ]
        return told

    def _record(self, task: Task) -> bytes:
        return task_to_bytes(task, lambda timeline: self._kept.names.of(timeline)[0])

    def _followed(self, task: Task) -> str:
        return ",".join(sorted({self._kept.names.of(turn.timeline)[0] for turn in task.turns}))

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        head = (task.id, task.version - 1, task.mark, task.version, self._followed(task), self._record(task))
        answer = await self.run(scripts.REPLACE, namespace, *self._new(new, *head, followed=(task,)))
        if isinstance(answer, bytes):
            raise StaleWrite(f"Task id '{answer.decode()}' is taken.")
        if not isinstance(answer, list):
            raise StaleWrite(f"Task '{task.id}' was changed by somebody else.")
        self._kept.keep(task)
        self.bells.ring(namespace, task.id)
        self._keep(namespace, new, answer)

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        await self.run(scripts.REMOVE, namespace, *task_ids)
        for task_id in task_ids:
            self.bells.ring(namespace, task_id)

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
        self.bells.ring(namespace)

    async def hit(self, namespace: str, task_id: str, rule: str) -> int:
        return int(await self.run(scripts.HIT, namespace, task_id, rule))

    async def hits(self, namespace: str, task_id: str, rule: str) -> int:
        return int(await self.ask("HGET", f"hits:{len(namespace.encode())}:{namespace}{task_id}", rule) or 0)

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        await self.run(scripts.RESET, namespace, " ".join(sorted(scopes)))
        self.bells.ring(namespace)

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        ordinals, values, *told = await self.run(scripts.CONTENTS, namespace, *(fact.name for fact in facts))
        found = {fact: _value(fact, value) for fact, value in zip(facts, told, strict=True)}
        return Contents(_by_ordinal(await self._tasks(values)), int(ordinals or 0), found)

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        facts = [part for fact, value in contents.facts.items() for part in (fact.name, fact.to_bytes(value))]
        told = self._new(contents.tasks, contents.ordinals, len(contents.facts), *facts)
        self._keep(namespace, contents.tasks, await self.run(scripts.REPLACE_ALL, namespace, *told))
        self.bells.ring(namespace)

    # Bells

    @asynccontextmanager
    async def listen(self, namespace: str, task_ids: Sequence[str]) -> AsyncIterator[Bell]:
        with self.bells.listen(namespace, task_ids) as bell:
            await self._join()
            yield bell

    @asynccontextmanager
    async def listen_elsewhere(self, namespace: str) -> AsyncIterator[Bell]:
        with self.bells.listen_elsewhere(namespace) as bell:
            await self._join()
            yield bell

    async def wake(self) -> None:
        self.bells.ring_all()

    async def _join(self) -> None:
        """Return once the channel is heard."""
        async with self._joining:
            if self._hearing is not None and not self._hearing.done():
                return
            channel = self.client.pubsub()
            try:
                with self._told():
                    await channel.subscribe(PREFIX + "rings")
                    await channel.get_message(timeout=ANSWER_SECONDS)
            except EmulatorError:
                await channel.aclose()
                raise
            self._hearing = asyncio.ensure_future(self._hear(channel))

    async def _hear(self, channel: Any) -> None:
        """Ring for what is told on the channel, until nobody listens any more or the connection is lost."""
        try:
            with self._told():
                while self.bells.listeners:
                    message = await channel.get_message(ignore_subscribe_messages=True, timeout=_LINGER_SECONDS)
                    if message is not None:
                        sender, namespace, task_id = message["data"].decode().split("\n", 2)
                        if sender != self._name:
                            self.bells.pass_on(namespace, task_id)
        except StoreUnavailable:
            # Whoever wakes reads, and is told what is wrong.
            self._hearing = None
            self.bells.ring_all()
        finally:
            await channel.aclose()


_SET_IF: Final = (
    "if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then return 0 end redis.call('SET', KEYS[1], ARGV[1]) return 1"
)


def _agreed_salt(client: Any) -> bytes:
    client.set(PREFIX + "salt", secrets.token_bytes(16), nx=True)
    return bytes(client.get(PREFIX + "salt"))


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
