"""The vocabulary of `x-emulator`: the actions of operations, and the keys that each action takes and needs.

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

    keys:       the keys that `x-emulator` may have beside it; `source` always may.
    required:   the keys that it must have.
    is_of_task: whether it acts on one task, whose id is in the parameter `subject`, by default `task_id`.
    parameters: the names of the parameters that every request must have.
    status:     the status of every response; None for the first 2xx that the operation declares.
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
# The actions of what can be run; all others are of tasks, whose schema is that of the operation with `read`.
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

# The properties of a task that the emulator computes; `names` maps them to those of a contract.
FACTS: Final = (
    "id", "agent_id", "organization_id", "input", "status", "created_at", "started_at", "paused_at", "finished_at",
    "sub_executions", "finished_sub_executions", "is_manually_stopped", "agent_version", "is_orchestration", "source",
)  # fmt: skip
# The properties of a task in xpander.ai's own lists.
SUMMARISED: Final = (
    "id", "agent_id", "input", "parent_execution", "triggering_agent_id", "organization_id", "status", "created_at",
    "source", "result", "title",
)  # fmt: skip
STATUSES: Final = tuple(status.value for status in Status)

# The keys at the root of a file: `errors` sets the form of errors that the contract declares no schema for.
ROOT: Final[Mapping[str, tuple[str, ...]]] = {"errors": ("detail",)}
