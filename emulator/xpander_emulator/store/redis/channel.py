"""How one process hears of what others change in a Redis: it subscribes to the channel while somebody waits."""

import asyncio
import logging
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple, Protocol

from xpander_emulator.store.notifications import Notifications
from xpander_emulator.store.port import StoreUnavailable


class Connection(Protocol):
    """What a channel needs of the store that it belongs to.

    name:  this process, in the messages that it sends.
    shown: the address of the database, without credentials.
    """

    name: str
    shown: str
    notifications: Notifications

    @property
    def client(self) -> Any:
        """The client of redis-py."""
        ...

    def translated_errors(self) -> AbstractContextManager[None]:
        """Raise StoreUnavailable for an error of the database."""
        ...

    async def check_epoch(self) -> None:
        """Notice that the database has lost its data."""
        ...


# How long the channel is still heard after the last listener has gone, and how often a lost database is looked for.
_LINGER_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 5.0
_logger: Final = logging.getLogger("xpander_emulator")


class _Change(NamedTuple):
    """A message on the channel: which process has changed which task of which namespace."""

    sender: str
    namespace: str
    task_id: str


class Channel:
    """Notifies the listeners of one process of what other processes change.

    name: the channel's.
    """

    def __init__(self, store: Connection, name: str) -> None:
        self._store = store
        self._name = name
        self._is_heard = False
        self._subscribing = asyncio.Lock()
        self._hearings: set[asyncio.Task[None]] = set()
        self._has_warned = False

    async def join(self) -> None:
        """Return once the channel is heard. Raises StoreUnavailable."""
        async with self._subscribing:
            if self._is_heard:
                return
            subscription = self._store.client.pubsub()
            try:
                with self._store.translated_errors():
                    await subscription.subscribe(self._name)
                    if await subscription.get_message(timeout=_ANSWER_SECONDS) is None:
                        raise TimeoutError("no answer to SUBSCRIBE")
                await self._store.check_epoch()
            except BaseException:
                await subscription.aclose()
                raise
            self._is_heard = True
            hearing = asyncio.create_task(self._hear(subscription), name="redis channel")
            self._hearings.add(hearing)
            hearing.add_done_callback(self._hearings.discard)

    async def close(self) -> None:
        """Hear no more."""
        hearings = [*self._hearings]
        for hearing in hearings:
            hearing.cancel()
        await asyncio.gather(*hearings, return_exceptions=True)

    async def _hear(self, subscription: Any) -> None:
        """Notify listeners until there are none, or the connection is lost."""
        loop = asyncio.get_running_loop()
        look_at = loop.time() + _LINGER_SECONDS
        try:
            with self._store.translated_errors():
                while self._store.notifications.listeners:
                    message = await subscription.get_message(ignore_subscribe_messages=True, timeout=_LINGER_SECONDS)
                    if message is not None:
                        self._notify(message["data"])
                    if loop.time() >= look_at:
                        # A flush is told to nobody.
                        await self._store.check_epoch()
                        look_at = loop.time() + _LINGER_SECONDS
        except StoreUnavailable:
            pass  # those who are woken below read, and are told what is wrong
        finally:
            # Whoever listens from here on subscribes anew: closing may take its time.
            self._is_heard = False
            self._store.notifications.ring_all()
            await subscription.aclose()

    def _notify(self, data: bytes) -> None:
        change = _change(data)
        if change is None:
            if not self._has_warned:
                self._has_warned = True
                shown = f"{self._store.shown}, channel '{self._name}'"
                _logger.warning("%s: ignored a message of another program or version: %.100r", shown, data)
        elif change.sender != self._store.name:
            self._store.notifications.pass_on(change.namespace, change.task_id)


def _change(data: bytes) -> _Change | None:
    """Return what a message says; None for one of another shape."""
    try:
        sender, namespace, task_id = data.decode().split("\n", 2)
    except ValueError:
        return None
    return _Change(sender, namespace, task_id)
