"""The feed: what happens in each namespace, told as it happens to whoever follows, the newest kept for latecomers.

Nothing here is a fact that only the feed knows: who has missed a part is told so, and reads all again.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

BIRTH: Final = "birth"
SIGNAL: Final = "signal"
REMOVAL: Final = "removal"
REQUEST: Final = "request"
CLOCK: Final = "clock"
CHOICES: Final = "choices"
RESET: Final = "reset"
# What the follower knows may be old: it reads all again. Every connection that cannot go on where it was begins so.
STALE: Final = "stale"

MAX_KEPT: Final = 500
MAX_NAMESPACES: Final = 200
NOTHING: Final[Mapping[str, Any]] = {}


def _nothing() -> Mapping[str, Any]:
    return NOTHING


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `number` grows over all namespaces of a feed."""

    number: int
    type: str
    data: Mapping[str, Any]


@dataclass(slots=True)
class _Ring:
    """The newest events of a namespace; all up to number `lost` have been let go."""

    lost: int
    events: deque[Event] = field(default_factory=deque)
    notifications: set[asyncio.Event] = field(default_factory=set)

    def keep(self, event: Event) -> None:
        if len(self.events) == MAX_KEPT:
            self.lost = self.events.popleft().number
        self.events.append(event)
        for subscription in self.notifications:
            subscription.set()

    def after(self, number: int) -> list[Event]:
        """Return the events behind this number, oldest first; a follower is seldom far behind."""
        found: list[Event] = []
        for event in reversed(self.events):
            if event.number <= number:
                break
            found.append(event)
        return found[::-1]


class Feed:
    """Events of one process. An id is the feed's own name and a number, so that one of another feed is known as such.

    Namespaces beyond 200 that nobody follows are let go, the one told of longest ago first.
    """

    def __init__(self) -> None:
        self._name = secrets.token_hex(4)
        self._number = 0
        self._rings: dict[str, _Ring] = {}

    def tell(self, namespace: str, kind: str, data: Callable[[], Mapping[str, Any]] = _nothing) -> None:
        """Tell all followers of a namespace that something has happened in it.

        data: what, called only where somebody follows or has followed; who begins to follow reads all anyway.
        """
        ring = self._rings.pop(namespace, None)
        if ring is None:
            return
        self._number += 1
        self._rings[namespace] = ring
        ring.keep(Event(self._number, kind, data()))

    async def follow(self, namespace: str, last: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        """Yield what happens in a namespace from now on, each with its id, without end.

        last: the id of the last event that the follower has had; it goes on from there, or is told STALE first.
        """
        ring = self._rings.get(namespace) or self._begun(namespace)
        subscription = asyncio.Event()
        ring.notifications.add(subscription)
        seen = self._seen(last)
        try:
            while True:
                subscription.clear()
                for event in self._missed(ring, seen):
                    seen = event.number
                    yield f"{self._name}-{seen}", event
                await subscription.wait()
        finally:
            ring.notifications.discard(subscription)

    def _missed(self, ring: _Ring, seen: int) -> Iterator[Event]:
        if seen < ring.lost:
            return iter((Event(self._number, STALE, NOTHING),))
        return iter(ring.after(seen))

    def _seen(self, last: str | None) -> int:
        """Return the number in an id; -1 for none, and for one that this feed has not given."""
        name, _, number = (last or "").rpartition("-")
        known = name == self._name and number.isascii() and number.isdigit() and len(number) <= 18
        return int(number) if known and int(number) <= self._number else -1

    def _begun(self, namespace: str) -> _Ring:
        """Return a ring that knows nothing of what was before; those of longest ago go, down to the bound."""
        self._number += 1
        ring = _Ring(self._number)
        spare = len(self._rings) + 1 - MAX_NAMESPACES
        for name in [name for name, each in self._rings.items() if not each.notifications][: max(spare, 0)]:
            del self._rings[name]
        self._rings[namespace] = ring
        return ring
