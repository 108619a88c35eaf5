"""The cache of tasks read from records: a task that nobody has changed stays the same object."""

from collections.abc import Callable
from typing import Final, NamedTuple

from xpander_emulator.core.timeline import Timeline
from xpander_emulator.store.codec.facts import TimelineDigests, task_from_bytes
from xpander_emulator.store.codec.timelines import timeline_from_bytes
from xpander_emulator.store.port import Task

MOST: Final = 16_384


class _Cached(NamedTuple):
    """A task, and the hash of its whole record, which holds the task's id and version."""

    namespace: str
    record_hash: int
    task: Task


class TaskCache:
    """The last tasks that were read or written in this process, by their marks.

    No read is answered by the cache alone: each one reads the record, and takes the cached task only for an equal
    record of the same namespace. A mark is not enough: a database that goes back to an earlier state gives the same
    marks and versions to other tasks.
    """

    def __init__(self) -> None:
        self.digests = TimelineDigests()
        self._tasks: dict[int, _Cached] = {}
        self._timelines: dict[str, Timeline] = {}

    def put(self, namespace: str, task: Task, record: bytes) -> None:
        """Cache a task that was just read or written."""
        if len(self._tasks) >= MOST and task.mark not in self._tasks:
            del self._tasks[next(iter(self._tasks))]
        self._tasks[task.mark] = _Cached(namespace, hash(record), task)

    def task(self, namespace: str, mark: int, version: int, record: bytes, text: Callable[[str], bytes]) -> Task:
        """Return the task of a record; `text` gives the text of a timeline by its digest."""
        task = self._cached(namespace, mark, version, record)
        if task is None:
            task = task_from_bytes(record, lambda digest: self._timeline(digest, text), mark)
            self.put(namespace, task, record)
        return task

    def has(self, namespace: str, mark: int, version: int, record: bytes) -> bool:
        """Return whether the task of a record is cached."""
        return self._cached(namespace, mark, version, record) is not None

    def has_timeline(self, digest: str) -> bool:
        """Return whether the timeline of a digest is cached."""
        return digest in self._timelines

    def clear(self) -> None:
        """Remove every task; a timeline stays, since its digest stands for its content in any database."""
        self._tasks.clear()

    def _cached(self, namespace: str, mark: int, version: int, record: bytes) -> Task | None:
        cached = self._tasks.get(mark)
        if cached is None or (cached.namespace, cached.task.version) != (namespace, version):
            return None
        return cached.task if cached.record_hash == hash(record) else None

    def _timeline(self, digest: str, text: Callable[[str], bytes]) -> Timeline:
        timeline = self._timelines.get(digest)
        if timeline is None:
            timeline = timeline_from_bytes(text(digest))
            if len(self._timelines) >= MOST:
                del self._timelines[next(iter(self._timelines))]
            self._timelines[digest] = timeline
        return timeline
