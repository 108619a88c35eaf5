"""Bells: who sleeps in this process until a task or a namespace changes, and how they are woken."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

# The bell of a namespace itself: its clock was moved, or it was reset.
WHOLE: Final = ""
# Under these a task cannot be: of whatever another process changes, and of the requests that it has answered.
ELSEWHERE: Final = "\x01elsewhere"
REQUESTS: Final = "\x01requests"


class Subscription:
    """Rings once. Whoever listens is told of everything since they began to listen."""

    __slots__ = ("_rung",)

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits, now or later."""
        self._rung.set()

    async def wait(self, seconds: float | None) -> None:
        """Sleep until it rings or the time is over; None is for ever."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            pass


class Notifications:
    """The bells of one process and one event loop, by namespace and task id."""

    def __init__(self) -> None:
        self._hung: dict[tuple[str, str], set[Subscription]] = {}

    @property
    def listeners(self) -> int:
        """How many keys somebody listens to."""
        return len(self._hung)

    @contextmanager
    def listen(self, namespace: str, task_ids: Sequence[str]) -> Iterator[Subscription]:
        """Give a bell that rings when one of the tasks or the namespace itself changes."""
        with self._hang([(namespace, task_id) for task_id in (WHOLE, *task_ids)]) as subscription:
            yield subscription

    @contextmanager
    def listen_elsewhere(self, namespace: str) -> Iterator[Subscription]:
        """Give a bell that rings when another process has changed anything in a namespace."""
        with self._hang([(namespace, ELSEWHERE)]) as subscription:
            yield subscription

    @contextmanager
    def _hang(self, keys: Sequence[tuple[str, str]]) -> Iterator[Subscription]:
        subscription = Subscription()
        for key in keys:
            self._hung.setdefault(key, set()).add(subscription)
        try:
            yield subscription
        finally:
            for key in keys:
                self._take_down(key, subscription)

    def ring(self, namespace: str, task_id: str = WHOLE) -> None:
        """Ring for one task, or for the namespace itself."""
        for subscription in self._hung.get((namespace, task_id), ()):
            subscription.ring()

    def pass_on(self, namespace: str, task_id: str) -> None:
        """Ring for what another process has changed."""
        self.ring(namespace, task_id)
        self.ring(namespace, ELSEWHERE)

    def ring_all(self) -> None:
        """Ring for everybody: nobody knows what has changed."""
        for notifications in self._hung.values():
            for subscription in notifications:
                subscription.ring()

    def _take_down(self, key: tuple[str, str], subscription: Subscription) -> None:
        notifications = self._hung[key]
        notifications.discard(subscription)
        if not notifications:
            del self._hung[key]
