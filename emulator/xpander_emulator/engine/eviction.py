"""Eviction: which tasks are deleted above `max_tasks`, with their sub-tasks."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from xpander_emulator.engine import feed
from xpander_emulator.engine.feed import Feed
from xpander_emulator.engine.task_state import TaskStates
from xpander_emulator.store.port import Store

# How many of the oldest tasks are searched for a finished one, step by step, so that a start stays cheap.
_REACHES: Final = (1, 32, 1_000)
# After a search without result, so many evictions, or `max_tasks` if that is less, go without one. A search replays
# every task, 10 ms in all; so rare, it slows down less than one request of a hundred.
_WITHOUT_SEARCH: Final = 10_000


class Eviction:
    """Deletes tasks: the oldest finished one while there are more than `max_tasks`, else the oldest.

    on_deleted: called with the namespaces and ids of deleted tasks.
    """

    def __init__(
        self,
        store: Store,
        task_states: TaskStates,
        feed: Feed,
        max_tasks: int,
        on_deleted: Callable[[Iterable[tuple[str, str]]], None],
    ) -> None:
        self._store = store
        self._task_states = task_states
        self._feed = feed
        self._max_tasks = max_tasks
        self._on_deleted = on_deleted
        self._without_search = 0

    async def evict(self, count: int) -> None:
        """Delete tasks until there are no more than `max_tasks`; `count` is how many there are."""
        while count > self._max_tasks:
            candidate = await self._candidate()
            if candidate is None:
                return
            await self.delete(*candidate)
            count = await self._store.count()

    async def _candidate(self) -> tuple[str, str] | None:
        """Return namespace and id of the task to delete, or None where the store has lost all tasks meanwhile."""
        is_searched = self._without_search == 0
        for reach in _REACHES if is_searched else _REACHES[:1]:
            # The newest task was just started, and is no candidate.
            oldest = await self._store.oldest(min(reach, self._max_tasks))
            for namespace, task in oldest:
                task_state = await self._task_states.alone(namespace, task, await self._task_states.now(namespace))
                if task_state is not None and task_state.snapshot.is_finished:
                    return namespace, task.id
        self._without_search = min(_WITHOUT_SEARCH, self._max_tasks) if is_searched else self._without_search - 1
        return (oldest[0][0], oldest[0][1].id) if oldest else None

    async def delete(self, namespace: str, task_id: str) -> None:
        """Delete a task and all of its sub-tasks."""
        task_ids = [task_id]
        for parent in task_ids:
            # Parents that clients name may form a circle. As each task has one parent, only the first can come again.
            task_ids += [child.id for child in await self._store.children(namespace, parent) if child.id != task_id]
        await self._store.remove(namespace, task_ids)
        self._on_deleted((namespace, deleted) for deleted in task_ids)
        for deleted in task_ids:
            self._feed.publish(namespace, feed.REMOVAL, partial(dict, task_id=deleted))
