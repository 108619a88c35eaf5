"""The emulator as one test has it: a namespace of its own on a server that others may share."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from starlette.types import ASGIApp

from xpander_emulator.errors import BadRequest, NotFound
from xpander_emulator.journal.expected_count import Often
from xpander_emulator.scenario.paths import ScenarioPath
from xpander_emulator.settings import ClockMode, client_environment
from xpander_emulator.testkit import failure_report
from xpander_emulator.testkit.arguments import check, check_count
from xpander_emulator.testkit.asgi import ForwardingApp
from xpander_emulator.testkit.clock import TaskClock
from xpander_emulator.testkit.faults import ComingFaults
from xpander_emulator.testkit.namespace import Room
from xpander_emulator.testkit.requests import Requests
from xpander_emulator.testkit.task import Task
from xpander_emulator.testkit.transport import Transport
from xpander_emulator.testkit.verification import Asked, Criteria


class Emulator:
    """One test's emulator: where its client goes, and its tasks, its clock and its choices.

    Made by `EmulatorServer.emulator`, `running` or the fixture of pytest. Other tests see nothing of it.
    """

    def __init__(self, room: Room, scenario: str | None, clock: ClockMode | None) -> None:
        self._room = room
        self._scenario = scenario
        self._clock = clock
        self._asked = Asked(room)
        self.reset()

    # Where a client goes

    @property
    def base_url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return self._room.server.base_url

    @property
    def api_key(self) -> str:
        """The key that this test's client sends; with another one it sees none of this."""
        return self._room.key

    @property
    def namespace(self) -> str:
        """The namespace that the key opens, for the control API and the command line."""
        return self._room.namespace

    @property
    def env(self) -> Mapping[str, str]:
        """The environment variables that point the official SDK here."""
        organization_id = self._room.engine.renderer.organization_id
        return client_environment(self.base_url, self.api_key, organization_id)

    @property
    def asgi(self) -> ASGIApp:
        """The same server without sockets, for the `ASGITransport` of httpx and httpx2."""
        return ForwardingApp(self._room.server)

    def transport(self) -> Any:
        """Return the same without sockets for a synchronous `httpx.Client` or `httpx2.Client`, as its `transport`."""
        return Transport(self._room.server)

    # What happens to its tasks

    def use(self, scenario: str) -> None:
        """Let every further start that nothing else decides take this scenario. Raises NotFound."""
        check("scenario", scenario, str)
        self._room.call(self._room.engine.pin_default(self.namespace, scenario))

    def use_next(self, scenario: str, *, times: int = 1) -> None:
        """Let the next start take this scenario, or the next few, whatever they ask for. Raises NotFound, Conflict."""
        check("scenario", scenario, str)
        check_count("times", times, 1)
        self._room.call(self._room.engine.pin_next(self.namespace, scenario, times))

    def follow(self, path: ScenarioPath) -> None:
        """Let the next start take this path by itself: its decisions, its stop, its fault. Several calls queue up.

        Raises NotFound, Conflict, and BadRequest for what is no path.
        """
        if not isinstance(path, ScenarioPath):
            raise BadRequest(f"A path is what `paths` returns and the marker every_path gives, not {path!r}.")
        self._room.call(self._room.engine.pin_next(self.namespace, path.scenario, path=path))

    def fault(
        self,
        fault: str | Mapping[str, Any],
        *,
        operation: str | None = None,
        nth: int | None = None,
        times: int | Literal["always"] | None = None,
        task_status: str | None = None,
    ) -> None:
        """Let coming requests meet a fault, beside those before: one by its name, or written as in a scenario.

        operation:   the id of the only operation that it strikes.
        nth, times:  the first request that it strikes, of those that fit, and how many; the next one alone.
        task_status: strikes only while the task has this status.

        Raises BadRequest with everything that is wrong.
        """
        check("fault", fault, str | Mapping)
        written = {"use": fault} if isinstance(fault, str) else dict(fault)
        given = {"operation": operation, "nth": nth, "times": times, "task_status": task_status}
        written |= {name: value for name, value in given.items() if value is not None}
        self._room.call(self._room.engine.faults.add(self.namespace, written, self._room.actions))

    @property
    def faults(self) -> ComingFaults:
        """What is left of those faults; `clear()` takes them away."""
        return ComingFaults(self._room)

    # What was asked

    @property
    def requests(self) -> Requests:
        """The requests with this test's key, oldest first."""
        return Requests(self._asked)

    def verify(
        self,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **criteria: Unpack[Criteria],
    ) -> None:
        """Check how often something was asked: once or more, unless it is said.

        Raises NotVerified, an AssertionError that tells what nearly was; BadRequest for what no request can be.
        """
        __tracebackhide__ = True
        for name, count in (("times", times), ("at_least", at_least), ("at_most", at_most)):
            if count is not None:
                check_count(name, count, 0)
        self._asked.verify(Often.of(times, at_least, at_most), criteria)

    # What there is

    def task(self, task_id: str) -> Task:
        """Return a task by its id. Raises NotFound, which names those that there are."""
        check("task_id", task_id, str)
        if self._room.call(self._room.engine.task_states.find(self.namespace, task_id)) is None:
            raise NotFound(self._room.lacks(task_id))
        return Task(task_id, self._room)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks that were started so far, sub-tasks too, in the order of their start."""
        return tuple(Task(task_state.task.id, self._room) for task_state in self._room.task_states())

    @property
    def clock(self) -> TaskClock:
        """The clock that all of its tasks follow."""
        return TaskClock(self._room)

    def reset(self) -> None:
        """Bring everything back to where the test began: no tasks, the clock at its start, its first choices."""
        engine, namespace = self._room.engine, self.namespace
        self._room.call(engine.reset(namespace))
        if self._clock is not None:
            self.clock.set(self._clock)
        if self._scenario is not None:
            self.use(self._scenario)

    # Its end

    def report(self) -> tuple[tuple[str, str], ...]:
        """Return what is worth telling when a test has failed: titles, each with a text."""
        return (
            ("Tasks of the emulator", failure_report.stories(self._room)),
            ("Requests of the emulator", failure_report.requests(self._asked)),
        )

    def close(self) -> None:
        """Forget everything. The server stays."""
        self._room.call(self._room.engine.reset(self.namespace))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Emulator {self.base_url}, key {self.api_key!r}>"
