"""Forgetting: which tasks go where there are too many, and what goes with a task."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from xpander_emulator.engine import feed
from xpander_emulator.engine.feed import Feed
from xpander_emulator.engine.task_state import TaskStates
from xpander_emulator.store.port import Store

Told = Callable[[Iterable[tuple[str, str]]], None]
# How far the search for a finished task goes, step by step, so that a start stays cheap.
_REACHES: Final = (1, 32, 1_000)
# Where it finds none, so many tasks are forgotten before it is made again, or as many as there may be: a search is a
# replay of each task, 10 ms in all, and so seldom it is met by less than one request of a hundred.
_WITHOUT_SEARCH: Final = 10_000


class Eviction:
    """Forgets tasks: the oldest finished one where there are more than `most`, else the oldest.

    told: called with the namespaces and ids of tasks that are gone.
    """

    def __init__(self, store: Store, task_states: TaskStates, feed: Feed, most: int, told: Told) -> None:
        self._store = store
        self._task_states = task_states
        self._feed = feed
        self._most = most
        self._told = told
        self._without_search = 0

    async def make_room(self, count: int) -> None:
        """Forget tasks until there are no more than may be. `count` is how many there are."""
        while count > self._most:
            found = await self._next()
            if found is None:
                return
            await self.remove(*found)
            count = await self._store.count()

    async def _next(self) -> tuple[str, str] | None:
        """Return namespace and id of the task to forget; a finished one is looked for among a few first.

        None where there is none any more, since the store has lost them all meanwhile.
        """
        searched = self._without_search == 0
        for reach in _REACHES if searched else _REACHES[:1]:
            # The newest of all is the one that was just started.
            oldest = await self._store.oldest(min(reach, self._most))
            for namespace, task in oldest:
                task_state = await self._task_states.alone(namespace, task, await self._task_states.now(namespace))
                if task_state is not None and task_state.snapshot.is_finished:
                    return namespace, task.id
        self._without_search = min(_WITHOUT_SEARCH, self._most) if searched else self._without_search - 1
        return (oldest[0][0], oldest[0][1].id) if oldest else None

    async def remove(self, namespace: str, task_id: str) -> None:
        """Forget a task and all of its sub-tasks."""
        doomed = [task_id]
        for each in doomed:
            # A client may let tasks be parents in a circle. As each has one parent, only the first can be met again.
            doomed += [child.id for child in await self._store.children(namespace, each) if child.id != task_id]
        await self._store.remove(namespace, doomed)
        self._told((namespace, each) for each in doomed)
        for each in doomed:
            self._feed.tell(namespace, feed.REMOVAL, partial(dict, task_id=each))
