"""Following: the feed of this process, and word of what other processes do to the same namespaces."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from xpander_emulator.engine.feed import STALE, Event, Feed
from xpander_emulator.store.notifications import ELSEWHERE
from xpander_emulator.store.port import Store, StoreUnavailable

# What others do within this time is told at once.
GATHER_SECONDS: Final = 0.1
_AGAIN_SECONDS: Final = 1.0


class Following:
    """Follows namespaces. What another process has done is told as STALE: the store knows that it was, not what."""

    def __init__(self, store: Store, feed: Feed) -> None:
        self._store = store
        self._feed = feed
        self._followers: Counter[str] = Counter()
        self._listeners: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}

    async def follow(self, namespace: str, last: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        """Yield what happens in a namespace as `Feed.follow` does."""
        self._followers[namespace] += 1
        try:
            if namespace not in self._listeners:
                listens = asyncio.Event()
                listener = asyncio.create_task(self._listen(namespace, listens), name="listen")
                self._listeners[namespace] = (listener, listens)
            await self._listeners[namespace][1].wait()
            async with aclosing(self._feed.follow(namespace, last)) as followed:
                async for each in followed:
                    yield each
        finally:
            self._followers[namespace] -= 1
            if not self._followers[namespace]:
                del self._followers[namespace]
                self._listeners.pop(namespace)[0].cancel()

    async def _listen(self, namespace: str, listens: asyncio.Event) -> None:
        """Tell STALE whenever others have changed something, and once it can be heard again."""
        is_stale = False
        while True:
            try:
                async with self._store.subscribe(namespace, (ELSEWHERE,)) as subscription:
                    listens.set()
                    if is_stale:
                        self._feed.tell(namespace, STALE)
                    await subscription.wait(None)
                await asyncio.sleep(GATHER_SECONDS)
            except StoreUnavailable:
                listens.set()
                await asyncio.sleep(_AGAIN_SECONDS)
            is_stale = True
