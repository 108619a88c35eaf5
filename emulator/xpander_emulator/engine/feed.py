"""The feed: the events of each namespace, sent to its followers as they happen.

No fact is in the feed alone. A follower that has missed an event gets STALE, and reads everything again. A change by
another process is STALE as well: the store notifies of a change, not of what has changed.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xpander_emulator.store.notifications import ELSEWHERE
from xpander_emulator.store.port import Store, StoreUnavailable

START: Final = "birth"
SIGNAL: Final = "signal"
REMOVAL: Final = "removal"
REQUEST: Final = "request"
CLOCK: Final = "clock"
CHOICES: Final = "choices"
RESET: Final = "reset"
# The follower reads everything again. Each connection begins so that cannot go on where the follower's last one ended.
STALE: Final = "stale"

MAX_RETAINED: Final = 500
MAX_NAMESPACES: Final = 200
NOTHING: Final[Mapping[str, Any]] = {}
# Changes by other processes within this time are one event.
GATHER_SECONDS: Final = 0.1
_RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `number` grows over all namespaces of a feed."""

    number: int
    type: str
    data: Mapping[str, Any]


@dataclass(slots=True)
class _Namespace:
    """The newest events of a namespace, and its followers.

    dropped:   the number of the last event that is no longer retained.
    listener:  listens to other processes while there are followers; `listens` is set once it does.
    """

    dropped: int
    events: deque[Event] = field(default_factory=deque)
    followers: set[asyncio.Event] = field(default_factory=set)
    listener: asyncio.Task[None] | None = None
    listens: asyncio.Event = field(default_factory=asyncio.Event)

    def append(self, event: Event) -> None:
        if len(self.events) == MAX_RETAINED:
            self.dropped = self.events.popleft().number
        self.events.append(event)
        for follower in self.followers:
            follower.set()

    def since(self, number: int) -> list[Event]:
        """Return the events after this number, oldest first; a follower is seldom far behind."""
        events: list[Event] = []
        for event in reversed(self.events):
            if event.number <= number:
                break
            events.append(event)
        return events[::-1]


class Feed:
    """The events of one process. An id has the name of the feed and a number, so that another feed knows it as foreign.

    Of more than 200 namespaces, those without followers are dropped, the one with the oldest event first.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._name = secrets.token_hex(4)
        self._number = 0
        self._namespaces: dict[str, _Namespace] = {}

    def publish(self, namespace: str, kind: str, data: Callable[[], Mapping[str, Any]] = lambda: NOTHING) -> None:
        """Send an event to all followers of a namespace.

        data: called only where the namespace has or had followers; whoever begins to follow reads everything anyway.
        """
        followed = self._namespaces.pop(namespace, None)
        if followed is None:
            return
        self._number += 1
        self._namespaces[namespace] = followed
        followed.append(Event(self._number, kind, data()))

    async def follow(self, namespace: str, last: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        """Yield the events of a namespace from now on, each with its id, without end.

        last: the id of the last event that the follower has received. The events after it come first, or STALE where
              they are not retained.
        """
        followed = self._namespaces.get(namespace) or self._begin(namespace)
        follower = asyncio.Event()
        followed.followers.add(follower)
        try:
            if followed.listener is None:
                followed.listens.clear()
                followed.listener = asyncio.create_task(self._listen(namespace, followed.listens), name="listen")
            await followed.listens.wait()
            number = self._number_of(last)
            while True:
                follower.clear()
                for event in self._missed(followed, number):
                    number = event.number
                    yield f"{self._name}-{number}", event
                await follower.wait()
        finally:
            followed.followers.discard(follower)
            if followed.listener is not None and not followed.followers:
                followed.listener.cancel()
                followed.listener = None

    async def _listen(self, namespace: str, listens: asyncio.Event) -> None:
        """Publish STALE after changes by other processes, and once the store can be listened to again."""
        is_stale = False
        while True:
            try:
                async with self._store.subscribe(namespace, (ELSEWHERE,)) as subscription:
                    listens.set()
                    if is_stale:
                        self.publish(namespace, STALE)
                    await subscription.wait(None)
                await asyncio.sleep(GATHER_SECONDS)
            except StoreUnavailable:
                listens.set()
                await asyncio.sleep(_RETRY_SECONDS)
            is_stale = True

    def _missed(self, followed: _Namespace, number: int) -> Iterable[Event]:
        return (Event(self._number, STALE, NOTHING),) if number < followed.dropped else followed.since(number)

    def _number_of(self, event_id: str | None) -> int:
        """Return the number in an id; -1 for None, and for an id that is not of this feed."""
        name, _, number = (event_id or "").rpartition("-")
        is_ours = name == self._name and number.isascii() and number.isdigit() and len(number) <= 18
        return int(number) if is_ours and int(number) <= self._number else -1

    def _begin(self, namespace: str) -> _Namespace:
        """Return a namespace without events, and drop the oldest ones without followers, down to the bound."""
        self._number += 1
        followed = _Namespace(self._number)
        surplus = max(len(self._namespaces) + 1 - MAX_NAMESPACES, 0)
        deserted = [name for name, each in self._namespaces.items() if not each.followers]
        for name in deserted[:surplus]:
            del self._namespaces[name]
        self._namespaces[namespace] = followed
        return followed
