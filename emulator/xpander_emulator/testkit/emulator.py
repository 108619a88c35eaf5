"""The emulator of one test: a namespace of its own on a server that other tests may share."""

from collections.abc import Mapping
from typing import Any, Literal, Self, Unpack

from starlette.types import ASGIApp

from xpander_emulator.errors import BadRequest, NotFound
from xpander_emulator.journal.expected_count import ExpectedCount
from xpander_emulator.scenario.paths import ScenarioPath
from xpander_emulator.settings import ClockMode, client_environment
from xpander_emulator.testkit import failure_report
from xpander_emulator.testkit.arguments import check, check_count
from xpander_emulator.testkit.asgi import ForwardingApp
from xpander_emulator.testkit.clock import TaskClock
from xpander_emulator.testkit.faults import ComingFaults
from xpander_emulator.testkit.namespace import Namespace
from xpander_emulator.testkit.requests import Requests
from xpander_emulator.testkit.task import Task
from xpander_emulator.testkit.transport import Transport
from xpander_emulator.testkit.verification import Criteria, JournalReader


class Emulator:
    """The emulator of one test: the address and the key of its client, its tasks, its clock, its faults, its requests.

    `EmulatorServer.emulator`, `running` and the pytest fixture `emulator` make one. No other test sees its tasks. It is
    a context manager, which calls `close` at the end.
    """

    def __init__(self, namespace: Namespace, scenario: str | None, clock: ClockMode | None) -> None:
        self._namespace = namespace
        self._scenario = scenario
        self._clock = clock
        self._journal = JournalReader(namespace)
        self.reset()

    @property
    def base_url(self) -> str:
        """The address of the server: scheme, host and port, without a slash at the end."""
        return self._namespace.server.base_url

    @property
    def api_key(self) -> str:
        """The API key of this test's client, for the header `x-api-key`. Another key has other tasks."""
        return self._namespace.key

    @property
    def namespace(self) -> str:
        """The name of the namespace that the API key selects, for the control API and the command line."""
        return self._namespace.name

    @property
    def env(self) -> Mapping[str, str]:
        """The environment variables that point the official SDK at this emulator."""
        organization_id = self._namespace.engine.renderer.organization_id
        return client_environment(self.base_url, self.api_key, organization_id)

    @property
    def asgi(self) -> ASGIApp:
        """The server without sockets: an ASGI application for the `ASGITransport` of httpx or httpx2."""
        return ForwardingApp(self._namespace.server)

    def transport(self) -> Any:
        """Return the server without sockets, for a synchronous client.

        Returns:
            A value for the argument `transport` of `httpx.Client` or `httpx2.Client`.
        """
        return Transport(self._namespace.server)

    def use(self, scenario: str) -> None:
        """Set the scenario of all further starts, unless `use_next`, `follow` or the request choose another one.

        Args:
            scenario: The name of the scenario.

        Raises:
            NotFound: No scenario has this name.
            BadRequest: The argument has a wrong type.
        """
        check("scenario", scenario, str)
        self._namespace.call(self._namespace.engine.pin_default, scenario)

    def use_next(self, scenario: str, *, times: int = 1) -> None:
        """Set the scenario of the next starts, whatever their requests choose.

        Args:
            scenario: The name of the scenario.
            times: The number of starts.

        Raises:
            NotFound: No scenario has this name.
            Conflict: More starts are set than the emulator stores.
            BadRequest: `times` is below 1, or an argument has a wrong type.
        """
        check("scenario", scenario, str)
        check_count("times", times, 1)
        self._namespace.call(self._namespace.engine.pin_next, scenario, times)

    def follow(self, path: ScenarioPath) -> None:
        """Let the next start take a path by itself, with its decisions, its stop and its fault.

        Several calls apply to several starts, in their order.

        Args:
            path: A path from `paths` or from the marker `every_path`.

        Raises:
            NotFound: The server has no such scenario.
            Conflict: More starts are set than the emulator stores.
            BadRequest: The argument is no path.
        """
        if not isinstance(path, ScenarioPath):
            raise BadRequest(f"follow takes a path from `paths` or the marker every_path, found {path!r}.")
        self._namespace.call(self._namespace.engine.pin_next, path.scenario, path=path)

    def fault(
        self,
        fault: str | Mapping[str, Any],
        *,
        operation: str | None = None,
        nth: int | None = None,
        times: int | Literal["always"] | None = None,
        task_status: str | None = None,
    ) -> None:
        """Add a fault for coming requests. Faults of earlier calls stay.

        Args:
            fault: The name of a fault, or a fault as scenario files have it.
            operation: The id of the only operation that it strikes; None for any.
            nth: The first matching request that it strikes, counted from 1; None for the next one.
            times: The number of matching requests that it strikes, or `"always"`; None for one.
            task_status: It strikes only while the task has this status; None for any.

        Raises:
            BadRequest: The fault is not possible, or an argument has a wrong type; the message lists every mistake.
        """
        check("fault", fault, str | Mapping)
        rule = {"use": fault} if isinstance(fault, str) else dict(fault)
        options = {"operation": operation, "nth": nth, "times": times, "task_status": task_status}
        rule |= {name: value for name, value in options.items() if value is not None}
        self._namespace.call(self._namespace.engine.faults.add, rule, self._namespace.actions)

    @property
    def faults(self) -> ComingFaults:
        """The faults that `fault` has set, as far as they have not struck yet; read again at each use."""
        return ComingFaults(self._namespace)

    @property
    def requests(self) -> Requests:
        """The requests that came with this test's API key, oldest first; read again at each use."""
        return Requests(self._journal)

    def verify(
        self,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **criteria: Unpack[Criteria],
    ) -> None:
        """Check how many requests match criteria. Without a number, one or more have to match.

        Args:
            times: The exact number.
            at_least: The lowest number.
            at_most: The highest number.
            criteria: What a request has to be, see `Criteria`.

        Raises:
            NotVerified: Another number of requests matches. The message shows the requests that nearly match.
            BadRequest: The numbers contradict each other, no request can match, or an argument has a wrong type.
        """
        __tracebackhide__ = True
        for name, count in (("times", times), ("at_least", at_least), ("at_most", at_most)):
            if count is not None:
                check_count(name, count, 0)
        self._journal.verify(ExpectedCount.of(times, at_least, at_most), criteria)

    def task(self, task_id: str) -> Task:
        """Return a task by its id.

        Args:
            task_id: The id, as the API returns it.

        Returns:
            The task.

        Raises:
            NotFound: This test has no such task. The message lists its tasks.
            BadRequest: The argument has a wrong type.
        """
        check("task_id", task_id, str)
        if self._namespace.call(self._namespace.engine.task_states.find, task_id) is None:
            raise NotFound(self._namespace.unknown_task(task_id))
        return Task(task_id, self._namespace)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks of this test, sub-tasks included, in the order of their start."""
        return tuple(Task(task_state.task.id, self._namespace) for task_state in self._namespace.task_states())

    @property
    def clock(self) -> TaskClock:
        """The clock that all tasks of this test follow."""
        return TaskClock(self._namespace)

    def reset(self) -> None:
        """Return to the start of the test: no tasks, requests or faults, the first clock and the first scenario."""
        self._namespace.call(self._namespace.engine.reset)
        if self._clock is not None:
            self.clock.set(self._clock)
        if self._scenario is not None:
            self.use(self._scenario)

    def report(self) -> tuple[tuple[str, str], ...]:
        """Return the report for a failed test: its tasks and its requests.

        Returns:
            Pairs of a title and a text.
        """
        return (
            ("Tasks of the emulator", failure_report.tasks_text(self._namespace)),
            ("Requests of the emulator", failure_report.requests_text(self._journal)),
        )

    def close(self) -> None:
        """Delete everything of this test. The server continues."""
        self._namespace.call(self._namespace.engine.reset)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Emulator {self.base_url}, key {self.api_key!r}>"
