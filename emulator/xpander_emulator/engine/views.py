"""Views: tasks as clients get them, and a cache for the tasks that clients poll."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.common import json_codec
from xpander_emulator.core.timeline import Millis
from xpander_emulator.engine.render.task import TaskRenderer
from xpander_emulator.engine.render.variations import Variation
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.store.port import Reading, Task

_MOST: Final = 4_096


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class View:
    """A task as it is sent: its state, its body, the body that a client gets, and that as JSON.

    Equal only to itself, so that a cache can drop what it has made of a view together with the view.

    warning: what of the request was ignored, and why; "" where nothing was.
    """

    task_state: TaskState
    body: Mapping[str, Any]
    sent: Variation
    encoded: bytes
    warning: str


class _Cached(NamedTuple):
    """A view that is valid until the namespace's clock shows `until`, or another version of the task is stored."""

    task: Task
    until: Millis | None
    view: View


class Views:
    """Renders tasks, and caches the views of those whose reading changes nothing."""

    def __init__(self, renderer: TaskRenderer) -> None:
        self._renderer = renderer
        self._cache: OrderedDict[tuple[str, str], _Cached] = OrderedDict()

    def view(self, task_state: TaskState) -> View:
        """Return the view of a task. Raises BrokenPromise for a template that fails."""
        body = self._renderer.task(task_state)
        sent = self._renderer.vary(task_state, body)
        return View(task_state, body, sent, json_codec.dumps(sent.body), self._renderer.warning(task_state))

    def cached(self, namespace: str, task_id: str, reading: Reading, clock: Clock) -> View | None:
        """Return the view of a task if the cached one is still valid."""
        cached = self._cache.get((namespace, task_id))
        if cached is None or (clock.mode == "auto" and cached.view.task_state.snapshot.moves_by_itself):
            return None
        if cached.task.turn.plan or reading.task is not cached.task or reading.children:
            return None
        if cached.until is not None and clock.now(machine_time()) >= cached.until:
            return None
        return cached.view

    def cache(self, view: View) -> View:
        """Cache a view, unless the task depends on others or counts reads, and return it."""
        task_state = view.task_state
        task, snapshot = task_state.task, task_state.snapshot
        if task.started_by is None and not task_state.children and not snapshot.counts_polls:
            key = (task_state.namespace, task.id)
            self._cache.pop(key, None)
            if len(self._cache) >= _MOST:
                self._cache.popitem(last=False)
            self._cache[key] = _Cached(task, snapshot.next_change, view)
        return view

    def drop(self, keys: Iterable[tuple[str, str]]) -> None:
        """Drop the views of tasks, each named by its namespace and id."""
        for key in keys:
            self._cache.pop(key, None)

    def drop_namespace(self, namespace: str) -> None:
        """Drop the views of all tasks of a namespace."""
        self.drop([key for key in self._cache if key[0] == namespace])
