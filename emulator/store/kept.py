"""Tasks that this process has made of records: a task that nobody has changed stays the same object."""

from collections.abc import Callable
from typing import Final

from emulator.core.timeline import Timeline
from emulator.store import Task
from emulator.store.facts import TimelineNames, task_from_bytes
from emulator.store.timelines import timeline_from_bytes

MOST: Final = 16_384


class KeptTasks:
    """The last tasks that were read or written here, each under its mark; the store says which version is the newest.

    Nothing is ever answered from here alone: a record's mark and version are read with every reading.
    """

    def __init__(self) -> None:
        self.names = TimelineNames()
        self._tasks: dict[int, Task] = {}
        self._timelines: dict[str, Timeline] = {}

    def keep(self, task: Task) -> None:
        """Remember a task that was just read or written."""
        if len(self._tasks) >= MOST and task.mark not in self._tasks:
            del self._tasks[next(iter(self._tasks))]
        self._tasks[task.mark] = task

    def task(self, mark: int, version: int, record: bytes, text: Callable[[str], bytes]) -> Task:
        """Return the task of a record; `text` gives that of a timeline by its digest."""
        known = self._tasks.get(mark)
        if known is not None and known.version == version:
            return known
        task = task_from_bytes(record, lambda name: self._timeline(name, text), mark)
        self.keep(task)
        return task

    def knows(self, mark: int, version: int) -> bool:
        """Tell whether the record of a version need not be read."""
        known = self._tasks.get(mark)
        return known is not None and known.version == version

    def lacks(self, name: str) -> bool:
        """Tell whether the timeline of a digest has not been read yet."""
        return name not in self._timelines

    def _timeline(self, name: str, text: Callable[[str], bytes]) -> Timeline:
        known = self._timelines.get(name)
        if known is None:
            known = timeline_from_bytes(text(name))
            if len(self._timelines) >= MOST:
                del self._timelines[next(iter(self._timelines))]
            self._timelines[name] = known
        return known
