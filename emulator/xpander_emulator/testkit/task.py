"""A task in the hands of a test."""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TypeVar

from xpander_emulator.core import signals
from xpander_emulator.core.task import Status
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import EmulatorError, NotFound
from xpander_emulator.testkit.arguments import check, check_json
from xpander_emulator.testkit.namespace import Room
from xpander_emulator.web.control import views

Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class Change:
    """A task entered a step, or left its story for a status; `at` is in the task's own time.

    cause: `start`, `after`, `polls`, or the signal that moved it, which was given `by` somebody for a `reason`.
    """

    at: datetime
    status: Status
    step: str
    cause: str
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Task:
    """A task, as it is now: each property is read when it is asked for, which does not count as a client's read.

    Acts return the task, so that they chain: `task.advance(until="paused").reject(reason="Over budget")`.
    An act that its state does not allow raises Conflict, whose message and `allowed` say what it would take.
    """

    id: str
    _room: Room = field(repr=False)

    @property
    def status(self) -> Status:
        """Its status, equal to its name: `task.status == "paused"`."""
        return self._task_state.snapshot.status

    @property
    def step(self) -> str:
        """The id of the step of its story."""
        return self._task_state.snapshot.step.id

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The signals that it would take now."""
        return self._task_state.snapshot.waits_for

    @property
    def is_finished(self) -> bool:
        """Whether it has come to an end."""
        return self._task_state.snapshot.is_finished

    @property
    def scenario(self) -> str:
        """The name of its story."""
        return self._task_state.turn.timeline.name

    @property
    def source(self) -> str:
        """File and line of its step: `scenarios/approval.yaml:26`."""
        return str(views.task_view(self._task_state, {})["source"])

    @property
    def snapshot(self) -> Mapping[str, Any]:
        """The task as a client would be answered now."""
        return self._do(self._room.engine.peek(self._room.namespace, self.id)).body

    @property
    def history(self) -> tuple[Change, ...]:
        """How its newest turn came to where it is, oldest first."""
        return tuple(
            Change(
                datetime.fromisoformat(told["at"]),
                Status(told["status"]),
                told["step"],
                told["cause"],
                told["by"],
                told["reason"],
            )
            for told in views.history(self._task_state)
        )

    def advance(self, until: str | None = None) -> Self:
        """Move this task alone through its time: to its next change, or until a status or the id of a step.

        Raises Conflict where it cannot get there by time alone, and BadRequest for a name that its story lacks.
        """
        check("until", until, str | None)
        self._do(self._room.engine.skip(self._room.namespace, self.id, until))
        return self

    def approve(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Approve what a person is asked for. Raises Conflict."""
        return self.signal(signals.APPROVE, by=by, reason=reason)

    def reject(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Reject it. Raises Conflict."""
        return self.signal(signals.REJECT, by=by, reason=reason)

    def authorize(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Give the credential that a connector asks for. Raises Conflict."""
        return self.signal(signals.AUTHORIZE, by=by, reason=reason)

    def deny(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Refuse it. Raises Conflict."""
        return self.signal(signals.DENY, by=by, reason=reason)

    def expire(self) -> Self:
        """Let a wait run out at once. Raises Conflict."""
        return self.signal(signals.EXPIRE)

    def stop(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Stop it; one that has ended stays as it is."""
        return self.signal(signals.STOP, by=by, reason=reason)

    def signal(
        self,
        name: str,
        *,
        payload: Mapping[str, Any] | None = None,
        by: str | None = None,
        reason: str | None = None,
    ) -> Self:
        """Give it any signal, also an author's own, or `update`. Raises Conflict; BadRequest for a wrong update."""
        check("signal", name, str)
        check("by", by, str | None)
        check("reason", reason, str | None)
        check_json("payload", payload)
        engine, namespace = self._room.engine, self._room.namespace
        self._do(engine.signal(namespace, self.id, name, by=by, reason=reason, payload=payload))
        return self

    def __repr__(self) -> str:
        try:
            return f"<Task {self.id}: {self.status} at step '{self.step}', {self.source}>"
        except EmulatorError:
            return f"<Task {self.id}, which is gone>"

    @property
    def _task_state(self) -> TaskState:
        return self._do(self._room.engine.task_states.get(self._room.namespace, self.id))

    def _do(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        try:
            return self._room.call(work)
        except NotFound:
            raise NotFound(self._room.lacks(self.id)) from None
