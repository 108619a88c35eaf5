"""The vocabulary of `x-emulator`: what an operation may say of how it is played, and what each action needs.

Plain data. The handlers of the actions stand in `web`; a test holds their names equal to these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from xpander_emulator.core.status import Status
from xpander_emulator.settings import RUNNABLE_KINDS


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an operation.

    keys:       what may stand beside it in `x-emulator`, but for `source`, which may always.
    required:   those of them that must.
    is_of_task: whether it is about one task, whose id is in the parameter `subject`, by default `task_id`.
    parameters: that the request must give it, by their names.
    status:     that it always answers; None for the first 2xx that the operation declares.
    """

    keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    is_of_task: bool = False
    parameters: tuple[str, ...] = ()
    status: int | None = None


_SUBJECT: Final = ("subject",)
_KIND: Final = ("kind",)
_BOTH: Final = ("kind", "subject")

START: Final = "start"
READ: Final = "read"
CATALOGUE_GET: Final = "catalogue_get"
ACTIONS: Final[Mapping[str, Action]] = {
    START: Action(("subject", "kind", "reply", "event")),
    READ: Action(("subject", "names", "statuses"), is_of_task=True, status=200),
    "list": Action(("subject", "items"), status=200),
    "history": Action(_SUBJECT, status=200),
    "stop": Action(_SUBJECT, is_of_task=True),
    "delete": Action(_SUBJECT, is_of_task=True, status=204),
    "update": Action(_SUBJECT, is_of_task=True),
    "signal": Action(("subject", "signal"), required=("signal",), is_of_task=True),
    "report": Action(_BOTH, required=_BOTH),
    "thread": Action(_SUBJECT, is_of_task=True, status=200),
    "thread_full": Action(_SUBJECT, is_of_task=True, status=200),
    "activity": Action(_SUBJECT, is_of_task=True, parameters=("agent_id",), status=200),
    "events": Action(("subject", "event"), required=("event",), is_of_task=True, status=200),
    "push": Action(_SUBJECT, is_of_task=True, status=200),
    "catalogue_list": Action(_KIND, required=_KIND, parameters=("page", "per_page"), status=200),
    "catalogue_all": Action(_KIND, required=_KIND, status=200),
    CATALOGUE_GET: Action(_BOTH, required=_BOTH, status=200),
}
# Those of what can be run; all others are of tasks, and a task looks as the operation with `read` answers it.
CATALOGUE: Final = frozenset({"catalogue_list", "catalogue_all", CATALOGUE_GET})

STREAM: Final = "stream"
REPLIES: Final = ("accepted", "wait", STREAM)
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "action": tuple(ACTIONS),
    "reply": REPLIES,
    "kind": RUNNABLE_KINDS,
}
TEXTS: Final = (*CHOICES, "source", "subject", "signal", "event", "items")
MAPPINGS: Final = ("names", "statuses")
KEYS: Final = (*TEXTS, *MAPPINGS)
TASK_ID: Final = "task_id"

# What the emulator says of a task by itself; `names` tells what a contract calls it.
FACTS: Final = (
    "id", "agent_id", "organization_id", "input", "status", "created_at", "started_at", "paused_at", "finished_at",
    "sub_executions", "finished_sub_executions", "is_manually_stopped", "agent_version", "is_orchestration", "source",
)  # fmt: skip
# What lists in xpander.ai's own shape tell of a task, and hence need of it.
SUMMARISED: Final = (
    "id", "agent_id", "input", "parent_execution", "triggering_agent_id", "organization_id", "status", "created_at",
    "source", "result", "title",
)  # fmt: skip
STATUSES: Final = tuple(status.value for status in Status)

# At the root of the file: how errors look that the contract declares no shape for.
ROOT: Final[Mapping[str, tuple[str, ...]]] = {"errors": ("detail",)}
