"""How one process hears of what others change in a Redis: it listens to the channel while somebody waits."""

import asyncio
import logging
from typing import Any, Final, NamedTuple

from xpander_emulator.store.notifications import Notifications
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.redis.database import ANSWER_SECONDS, PREFIX, Database

_NAME: Final = PREFIX + "rings"
# How long the channel is still heard without subscribers, and how often a flushed database is looked for.
_LINGER_SECONDS: Final = 1.0
_logger: Final = logging.getLogger("xpander_emulator")


class _Change(NamedTuple):
    """A message on the channel: which process has changed which key of which namespace."""

    sender: str
    namespace: str
    key: str


class Channel:
    """Notifies the subscribers of one process of what other processes change."""

    def __init__(self, database: Database, notifications: Notifications) -> None:
        self._database = database
        self._notifications = notifications
        self._is_heard = False
        self._joining = asyncio.Lock()
        self._listening: set[asyncio.Task[None]] = set()
        self._has_warned = False

    async def join(self) -> None:
        """Return once the channel is heard. Raises StoreUnavailable."""
        async with self._joining:
            if self._is_heard:
                return
            pubsub = self._database.client.pubsub()
            try:
                with self._database.errors():
                    await pubsub.subscribe(_NAME)
                    if await pubsub.get_message(timeout=ANSWER_SECONDS) is None:
                        raise TimeoutError("no answer to SUBSCRIBE")
                await self._database.check_epoch()
            except BaseException:
                await pubsub.aclose()
                raise
            self._is_heard = True
            listening = asyncio.create_task(self._listen(pubsub), name="redis channel")
            self._listening.add(listening)
            listening.add_done_callback(self._listening.discard)

    async def close(self) -> None:
        """Listen no more."""
        tasks = [*self._listening]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, pubsub: Any) -> None:
        """Notify subscribers until there are none, or the connection is lost."""
        loop = asyncio.get_running_loop()
        check_at = loop.time() + _LINGER_SECONDS
        try:
            with self._database.errors():
                while self._notifications.subscribed_keys:
                    message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_LINGER_SECONDS)
                    if message is not None:
                        self._notify(message["data"])
                    if loop.time() >= check_at:
                        # Redis announces no flush.
                        await self._database.check_epoch()
                        check_at = loop.time() + _LINGER_SECONDS
        except StoreUnavailable:
            pass  # the subscribers that are woken below read, and get this error
        finally:
            # Closing may take its time: whoever subscribes meanwhile joins anew.
            self._is_heard = False
            self._notifications.notify_all()
            await pubsub.aclose()

    def _notify(self, data: bytes) -> None:
        change = _change(data)
        if change is None:
            if not self._has_warned:
                self._has_warned = True
                shown = f"{self._database.shown}, channel '{_NAME}'"
                _logger.warning("%s: ignored a message of another program or version: %.100r", shown, data)
        elif change.sender != self._database.sender:
            self._notifications.notify_from_elsewhere(change.namespace, change.key)


def _change(data: bytes) -> _Change | None:
    """Return the change that a message announces; None for a message of another shape."""
    try:
        sender, namespace, key = data.decode().split("\n", 2)
    except ValueError:
        return None
    return _Change(sender, namespace, key)
