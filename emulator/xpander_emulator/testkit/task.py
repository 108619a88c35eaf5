"""A task in a test."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from xpander_emulator.core import signals
from xpander_emulator.core.status import Status
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import EmulatorError, NotFound
from xpander_emulator.testkit.arguments import check, check_json
from xpander_emulator.testkit.namespace import Namespace
from xpander_emulator.web.control import views

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a task: it entered a step, or a stop or an update gave it another status.

    Attributes:
        at: The time of the change, in the task's own time.
        status: The status after the change.
        step: The id of the step after the change.
        cause: `"start"`, `"after"`, `"polls"`, or the name of a signal.
        by: Who sent the signal, or None.
        reason: Why, or None.
    """

    at: datetime
    status: Status
    step: str
    cause: str
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Task:
    """A task. Each property reads its present state; such a read does not count as a read by the client.

    Methods return the task, so that they chain: `task.advance(until="paused").reject(reason="Over budget")`.
    Every property and method raises NotFound where the task no longer exists.

    Attributes:
        id: The id of the task.
    """

    id: str
    _namespace: Namespace = field(repr=False)

    @property
    def status(self) -> Status:
        """The status: `"pending"`, `"executing"`, `"paused"`, `"completed"`, `"failed"`, `"error"` or `"stopped"`."""
        return self._task_state.snapshot.status

    @property
    def step(self) -> str:
        """The id of the present step of the scenario."""
        return self._task_state.snapshot.step.id

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The names of the signals that the task accepts now."""
        return self._task_state.snapshot.waits_for

    @property
    def is_finished(self) -> bool:
        """Whether the task is at an end: `"completed"`, `"failed"`, `"error"` or `"stopped"`."""
        return self._task_state.snapshot.is_finished

    @property
    def scenario(self) -> str:
        """The name of the scenario."""
        return self._task_state.turn.timeline.name

    @property
    def source(self) -> str:
        """File and line of the present step, such as `"scenarios/approval.yaml:26"`."""
        return str(views.task_view(self._task_state, {})["source"])

    @property
    def snapshot(self) -> Mapping[str, Any]:
        """The JSON object that the API would return for the task now."""
        return self._call(self._namespace.engine.peek).body

    @property
    def history(self) -> tuple[Change, ...]:
        """The changes of the task's newest turn, oldest first."""
        return tuple(
            Change(
                datetime.fromisoformat(entry["at"]),
                Status(entry["status"]),
                entry["step"],
                entry["cause"],
                entry["by"],
                entry["reason"],
            )
            for entry in views.history(self._task_state)
        )

    def advance(self, until: str | None = None) -> Self:
        """Move this task alone through its time.

        Args:
            until: The status or the id of the step to reach; None for the next change.

        Returns:
            The task.

        Raises:
            Conflict: Time alone does not lead there. The task is unchanged.
            BadRequest: The scenario has no such step and the API no such status, or `until` has a wrong type.
        """
        check("until", until, str | None)
        self._call(self._namespace.engine.skip, until)
        return self

    def approve(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Approve what the task asks a person for.

        Args:
            by: Who approves.
            reason: Why.

        Returns:
            The task.

        Raises:
            Conflict: The task does not wait for this signal.
            BadRequest: An argument has a wrong type.
        """
        return self.signal(signals.APPROVE, by=by, reason=reason)

    def reject(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Reject what the task asks a person for.

        Args:
            by: Who rejects.
            reason: Why.

        Returns:
            The task.

        Raises:
            Conflict: The task does not wait for this signal.
            BadRequest: An argument has a wrong type.
        """
        return self.signal(signals.REJECT, by=by, reason=reason)

    def authorize(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Give the credential that a connector of the task asks for.

        Args:
            by: Who authorizes.
            reason: Why.

        Returns:
            The task.

        Raises:
            Conflict: The task does not wait for this signal.
            BadRequest: An argument has a wrong type.
        """
        return self.signal(signals.AUTHORIZE, by=by, reason=reason)

    def deny(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Refuse the credential that a connector of the task asks for.

        Args:
            by: Who denies.
            reason: Why.

        Returns:
            The task.

        Raises:
            Conflict: The task does not wait for this signal.
            BadRequest: An argument has a wrong type.
        """
        return self.signal(signals.DENY, by=by, reason=reason)

    def expire(self) -> Self:
        """Let the time limit of the task's pause end now.

        Returns:
            The task.

        Raises:
            Conflict: The task is not in a pause with a time limit.
        """
        return self.signal(signals.EXPIRE)

    def stop(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """Stop the task. A finished task stays as it is.

        Args:
            by: Who stops it.
            reason: Why.

        Returns:
            The task.

        Raises:
            BadRequest: An argument has a wrong type.
        """
        return self.signal(signals.STOP, by=by, reason=reason)

    def signal(
        self,
        name: str,
        *,
        payload: Mapping[str, Any] | None = None,
        by: str | None = None,
        reason: str | None = None,
    ) -> Self:
        """Send the task any signal: a built-in one, one of the scenario's own, or `update`.

        Args:
            name: The name of the signal.
            payload: What the signal carries, for the scenario's templates; with `update`, the properties to set.
            by: Who sends it.
            reason: Why.

        Returns:
            The task.

        Raises:
            Conflict: The task does not wait for this signal; the error's `allowed` names those that it accepts.
            BadRequest: An update is not possible, or an argument has a wrong type.
        """
        check("signal", name, str)
        check("by", by, str | None)
        check("reason", reason, str | None)
        check_json("payload", payload)
        self._call(self._namespace.engine.signal, name, by=by, reason=reason, payload=payload)
        return self

    def __repr__(self) -> str:
        try:
            return f"<Task {self.id}: {self.status} at step '{self.step}', {self.source}>"
        except EmulatorError:
            return f"<Task {self.id}, which is gone>"

    @property
    def _task_state(self) -> TaskState:
        return self._call(self._namespace.engine.task_states.get)

    def _call(
        self,
        method: Callable[Concatenate[str, str, Arguments], Coroutine[Any, Any, Returned]],
        *arguments: Arguments.args,
        **keywords: Arguments.kwargs,
    ) -> Returned:
        """Run a method of the engine on this task."""
        try:
            return self._namespace.call(method, self.id, *arguments, **keywords)
        except NotFound:
            raise NotFound(self._namespace.unknown_task(self.id)) from None
