"""The Redis database of a store: its connection, its beginning, and the message for each of its errors."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from xpander_emulator.clock import Clock, agreed_clock, machine_time
from xpander_emulator.store.codec.facts import CLOCK
from xpander_emulator.store.codec.timelines import FORMAT, check_format
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.redis import lua_scripts as scripts
from xpander_emulator.store.redis.autopipeline import Autopipeline

PREFIX: Final = "xpander-emulator:"
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0
# The error replies of a Redis that cannot serve at present; any other is a defect of the emulator.
_UNABLE: Final = ("MISCONF", "OOM", "NOREPLICAS", "MASTERDOWN", "BUSY", "CLUSTERDOWN", "max number of clients")
_EMPTY: Final = b""


class Database:
    """One database of a Redis or Valkey, and the client of this process.

    shown:        the URL without its credentials.
    on_new_epoch: called when the database was flushed, or set back to a snapshot of another epoch.
    sender:       the name of the client, under which it announces changes to other processes.

    Raises StoreUnavailable where Redis does not answer, UnknownFormat where another version has written to it.
    """

    def __init__(self, url: str, shown: str, on_new_epoch: Callable[[], None]) -> None:
        self.shown = shown
        self.sender = ""
        self.url = url
        self._on_new_epoch = on_new_epoch
        # The types of redis-py change with its versions; what is used of it here has been the same since 6.0.
        self._client: Any = None
        self._pipeline: Autopipeline | None = None
        # The epoch that was read last; None while the database is empty, as far as this process knows.
        self._epoch: bytes | None = None
        # Both are written again where the database begins anew.
        self._first_clock = _EMPTY
        self._salt = _EMPTY
        with self._short_client() as client:
            self._check_format(client)

    @property
    def client(self) -> Any:
        """The client of this process, made at the first use: a connection must not be carried through a fork."""
        if self._client is None:
            import redis.asyncio
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff

            self.sender = secrets.token_hex(4)
            # A write is never sent twice: the first may have been executed although its reply was lost.
            self._client = redis.asyncio.Redis.from_url(
                self.url,
                retry=Retry(NoBackoff(), 0),
                socket_connect_timeout=CONNECT_SECONDS,
                socket_timeout=ANSWER_SECONDS,
            )
        return self._client

    @property
    def pipeline(self) -> Autopipeline:
        """The way of all commands but those of the channel."""
        if self._pipeline is None:
            self._pipeline = Autopipeline(self.client)
        return self._pipeline

    async def close(self) -> None:
        """Close the client; the next use makes another one."""
        client, self._client, self._pipeline = self._client, None, None
        if client is not None:
            await client.aclose()

    async def run(self, script: str, *values: Any) -> Any:
        """Return the result of a script for these values, the first of them a namespace."""
        with self.errors():
            return await self.pipeline.run(script, self._keys(), values)

    async def execute(self, command: str, key: str, *values: Any) -> Any:
        """Return the reply to a command for one of our keys, named without the prefix."""
        with self.errors():
            return await self.pipeline.execute(command, PREFIX + key, *values)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise StoreUnavailable for an error of Redis or of the connection."""
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

    async def check_epoch(self) -> None:
        """Read the epoch, and act on a new one."""
        self.note_epoch(await self.execute("GET", "epoch"))

    def note_epoch(self, epoch: bytes | None) -> None:
        """Act on the epoch that was just read, if it is a new one."""
        before, self._epoch = self._epoch, epoch
        if before not in (None, epoch):
            self._on_new_epoch()

    def agree_on(self, clock: Clock) -> Clock:
        """Return the initial clock of all servers on the database."""
        with self._short_client() as client:
            self._first_clock = CLOCK.to_bytes(clock)
            # At the start of the server, so that no request waits for the salt.
            self._begin(client)
            key = PREFIX + "first_clock"
            while True:
                stored = client.get(key)
                agreed = agreed_clock(clock, stored and CLOCK.from_bytes(stored), machine_time())
                self._first_clock = CLOCK.to_bytes(agreed)
                if client.eval(scripts.SET_IF, 1, key, self._first_clock, stored or _EMPTY):
                    return agreed

    def salt(self) -> bytes:
        """Return the salt of the database."""
        if not self._salt:
            with self._short_client() as client:
                self._begin(client)
        return self._salt

    @contextmanager
    def _short_client(self) -> Iterator[Any]:
        """Give a synchronous client that is closed at the end."""
        import redis

        with (
            self.errors(),
            redis.Redis.from_url(
                self.url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS
            ) as client,
        ):
            yield client

    def _check_format(self, client: Any) -> None:
        """Raise UnknownFormat where another version, or another program, has written to our keys."""
        key = PREFIX + "format"
        kind = client.type(key)
        if kind != b"none":
            text = client.get(key) if kind == b"string" else kind
            check_format(self.shown, int(text) if text.isdigit() else text.decode(errors="replace"))

    def _begin(self, client: Any) -> None:
        """Begin an empty database, and read its salt. Raises UnknownFormat where another version was first."""
        client.set(PREFIX + "format", FORMAT, nx=True)
        self._check_format(client)
        client.set(PREFIX + "salt", secrets.token_bytes(16), nx=True)
        self._salt = bytes(client.get(PREFIX + "salt"))
        keys = self._keys()
        client.eval(scripts.BEGIN, len(keys), *keys)

    def _keys(self) -> list[Any]:
        """Return the keys of every script; the epoch is a new one, for a database that the script begins anew."""
        epoch = scripts.EPOCHS.start + secrets.randbelow(len(scripts.EPOCHS))
        return [PREFIX, self.sender, epoch, FORMAT, self._first_clock, self._salt]
