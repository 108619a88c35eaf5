"""Journals as clients with good or bad conduct would fill them."""

from collections.abc import Sequence
from typing import Any

from tests.journal.entries import entry
from xpander_emulator.clock import Clock
from xpander_emulator.core.replay import Visit
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import After, Millis, Pause, Step, Timeline, Wait
from xpander_emulator.journal.port import Entry
from xpander_emulator.report.conduct import Evidence, Finding, History, apply
from xpander_emulator.report.conduct_rules import RULES

REAL = Clock("real", Millis(0), Millis(0))
AUTO = Clock("auto", Millis(0), Millis(0))
ACTIONS = {
    "getTask": "read", "invokeWorkflowAsync": "start", "listTasks": "list", "streamTask": "events", "stopTask": "stop",
    "getTaskThread": "thread",
}  # fmt: skip
TASK = "t-1"
DAY = Millis(86_400_000)


def timeline(kind: str = "hitl", signal: str = "approve") -> Timeline:
    """Return a timeline that pauses, at the step `waiting`, and then ends."""
    return Timeline(
        "refund",
        (
            Step("pending", Status.PENDING, After(Millis(1), Millis(1), 1)),
            Step("waiting", Status.PAUSED, Wait({signal: 2}, After(DAY, DAY, 3)), pause=Pause(kind, "x", {})),
            Step("done", Status.COMPLETED),
            Step("expired", Status.ERROR),
        ),
    )


def history(*causes: str, kind: str = "hitl") -> History:
    """Return the history of a task on that timeline: paused, and then left by the causes, if there are any."""
    shown = timeline(kind, next((cause for cause in causes if cause not in ("expire", "stop")), "approve"))
    visits = [Visit(0, Status.PENDING, Millis(0), "start"), Visit(1, Status.PAUSED, Millis(1), "after")]
    for cause in causes:
        step, status = {"expire": (3, Status.ERROR), "stop": (1, Status.STOPPED)}.get(cause, (2, Status.COMPLETED))
        visits.append(Visit(step, status, Millis(2), cause))
    return History(shown, tuple(visits))


class Talk:
    """Makes a journal: each request takes a millisecond, on a machine's clock that `at` sets."""

    def __init__(self, clock: Clock = REAL) -> None:
        self.entries: list[Entry] = []
        self._clock = clock

    def ask(self, operation: str, path: str, at: float = 0.0, **more: Any) -> "Talk":
        """Add a request that arrives at `at` seconds."""
        facts = {
            "operation": operation,
            "path": path,
            "method": "POST" if operation == "invokeWorkflowAsync" else "GET",
            "time": Millis(round(at * 1_000) + 1),
            "seconds": 0.001,
            "clock": self._clock,
        }
        self.entries.append(entry(len(self.entries) + 1, **facts | more))
        return self

    def poll(self, status: str = "executing", at: float = 0.0, task: str = TASK, **more: Any) -> "Talk":
        """Add a poll that is shown a task in a status."""
        step = {"paused": "waiting", "completed": "done"}.get(status, status)
        facts = {"task_id": task, "turn": 1, "task_status": status, "step": step, "scenario": "refund"}
        return self.ask("getTask", f"/v1/tasks/{task}", at, **facts | more)

    def start(self, task: str = TASK, at: float = 0.0, **more: Any) -> "Talk":
        """Add a start."""
        facts = {"task_id": task, "turn": 1, "task_status": "pending", "step": "pending", "scenario": "refund"}
        return self.ask("invokeWorkflowAsync", "/v1/workflows/refund/invoke/async", at, **facts | more)

    def refused(self, status: int, at: float = 0.0, retry_after: str | None = None, **more: Any) -> "Talk":
        """Add a poll that is answered with an error."""
        headers = [] if retry_after is None else [(b"retry-after", retry_after.encode())]
        return self.ask("getTask", f"/v1/tasks/{TASK}", at, status=status, headers=headers, **more)

    def findings(self, **histories: History) -> list[Finding]:
        """Return the findings of all rules."""
        return apply(RULES, self.evidence(**histories))

    def evidence(self, **histories: History) -> Evidence:
        """Return the evidence; histories by the task's id with `_` for `-`."""
        known = {(name.replace("_", "-"), 1): each for name, each in histories.items()}
        return Evidence(self.entries, known, ACTIONS, unknown_fields)

    def rules(self, **histories: History) -> list[str]:
        """Return the names of the rules with findings."""
        return [finding.rule for finding in self.findings(**histories)]


def unknown_fields(entry: Entry) -> Sequence[str]:
    return ["?verbose"] if entry.query == b"verbose=1" else []
