"""Tasks that this process has made of records: a task that nobody has changed stays the same object."""

from collections.abc import Callable
from typing import Final, NamedTuple

from xpander_emulator.core.timeline import Timeline
from xpander_emulator.store.codec.facts import TimelineNames, task_from_bytes
from xpander_emulator.store.codec.timelines import timeline_from_bytes
from xpander_emulator.store.port import Task

MOST: Final = 16_384


class _Cached(NamedTuple):
    """A task, and of what it was made.

    record_hash: of the whole record, which holds the task's id and version.
    """

    namespace: str
    record_hash: int
    task: Task


class TaskCache:
    """The last tasks that were read or written here, each under its mark.

    Nothing is answered from here alone: the record is read with every reading, and a cached task is used only if it was
    made of an equal record of the same namespace. Marks alone do not tell: a database that is set back to an earlier
    state gives the same marks and versions again, to other tasks.
    """

    def __init__(self) -> None:
        self.names = TimelineNames()
        self._tasks: dict[int, _Cached] = {}
        self._timelines: dict[str, Timeline] = {}

    def keep(self, namespace: str, task: Task, record: bytes) -> None:
        """Remember a task that was just read or written."""
        if len(self._tasks) >= MOST and task.mark not in self._tasks:
            del self._tasks[next(iter(self._tasks))]
        self._tasks[task.mark] = _Cached(namespace, hash(record), task)

    def task(self, namespace: str, mark: int, version: int, record: bytes, text: Callable[[str], bytes]) -> Task:
        """Return the task of a record; `text` gives that of a timeline by its digest."""
        known = self._known(namespace, mark, version, record)
        if known is not None:
            return known
        task = task_from_bytes(record, lambda name: self._timeline(name, text), mark)
        self.keep(namespace, task, record)
        return task

    def knows(self, namespace: str, mark: int, version: int, record: bytes) -> bool:
        """Return whether a task need not be made of this record."""
        return self._known(namespace, mark, version, record) is not None

    def lacks(self, name: str) -> bool:
        """Return whether the timeline of a digest has not been read yet."""
        return name not in self._timelines

    def clear(self) -> None:
        """Remove every task; timelines are known by their content, which no database changes."""
        self._tasks.clear()

    def _known(self, namespace: str, mark: int, version: int, record: bytes) -> Task | None:
        cached = self._tasks.get(mark)
        if cached is None or (cached.namespace, cached.task.version) != (namespace, version):
            return None
        return cached.task if cached.record_hash == hash(record) else None

    def _timeline(self, name: str, text: Callable[[str], bytes]) -> Timeline:
        known = self._timelines.get(name)
        if known is None:
            known = timeline_from_bytes(text(name))
            if len(self._timelines) >= MOST:
                del self._timelines[next(iter(self._timelines))]
            self._timelines[name] = known
        return known
