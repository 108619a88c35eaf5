"""Notifications: waiting in this process until a task or a namespace changes, and being woken."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

# The key of the namespace itself: a fact was set, such as its clock, or the namespace was reset.
WHOLE: Final = ""
# Keys that no task id can be: any change by another process, and the requests that another process has answered.
ELSEWHERE: Final = "\x01elsewhere"
REQUESTS: Final = "\x01requests"


class Subscription:
    """Wakes its subscriber once, by whatever has changed since it began."""

    __slots__ = ("_notified",)

    def __init__(self) -> None:
        self._notified = asyncio.Event()

    def notify(self) -> None:
        """Let the present or the next wait end."""
        self._notified.set()

    async def wait(self, seconds: float | None) -> None:
        """Sleep until the subscription is notified or the time is over; None is for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._notified.wait()


class Notifications:
    """The subscriptions of one process and one event loop, by namespace and key."""

    def __init__(self) -> None:
        self._subscriptions: dict[tuple[str, str], set[Subscription]] = {}

    @property
    def subscribed_keys(self) -> int:
        """How many keys have a subscriber."""
        return len(self._subscriptions)

    @contextmanager
    def subscribe(self, namespace: str, keys: Sequence[str]) -> Iterator[Subscription]:
        """Give a subscription to keys of a namespace: ids of tasks, WHOLE or ELSEWHERE."""
        subscription = Subscription()
        for key in keys:
            self._subscriptions.setdefault((namespace, key), set()).add(subscription)
        try:
            yield subscription
        finally:
            for key in keys:
                subscriptions = self._subscriptions[namespace, key]
                subscriptions.discard(subscription)
                if not subscriptions:
                    del self._subscriptions[namespace, key]

    def notify(self, namespace: str, key: str = WHOLE) -> None:
        """Notify the subscribers of one key."""
        for subscription in self._subscriptions.get((namespace, key), ()):
            subscription.notify()

    def notify_from_elsewhere(self, namespace: str, key: str) -> None:
        """Notify the subscribers of a key that another process has changed."""
        self.notify(namespace, key)
        self.notify(namespace, ELSEWHERE)

    def notify_all(self) -> None:
        """Notify every subscriber, where it is not known what has changed."""
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.notify()
