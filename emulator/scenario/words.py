"""Words: the keys of the language, and what to write for the wrong ones that people usually try."""

from collections.abc import Mapping
from typing import Final

TOP_KEYS: Final = ("scenario", "description", "match", "steps")
STEP_KEYS: Final = (
    *("id", "status", "after", "polls", "on", "goto"),
    *("set", "fake", "result", "hitl", "eca", "sub_tasks"),
)
EXITS: Final = ("after", "polls", "on")
EXPIRY_KEYS: Final = ("after", "goto")
HITL_KEYS: Final = ("wait_node_id", "title", "content", "approve_button_text", "deny_button_text")
ECA_KEYS: Final = ("connector_name", "auth_url", "scopes", "title", "content")
CONDITIONS: Final = ("equals", "contains", "regex", "exists")

TOP_SLIPS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("when", "matches", "trigger", "selector", "if"), "'match'"),
    **dict.fromkeys(("name", "id", "story"), "'scenario'"),
    **dict.fromkeys(("desc", "summary", "title"), "'description'"),
    **dict.fromkeys(("step", "states", "stages", "timeline"), "'steps'"),
}
_SIGNALS: Final = ("approve", "reject", "authorize", "deny")
STEP_SLIPS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("next", "then", "to", "next_step"), "'goto'"),
    **dict.fromkeys(("delay", "wait", "sleep", "duration", "for"), "'after'"),
    **dict.fromkeys(("poll", "reads"), "'polls'"),
    **dict.fromkeys(("state", "phase"), "'status'"),
    **dict.fromkeys(("name", "step"), "'id'"),
    **dict.fromkeys(("signal", "signals", "when", "transitions"), "'on'"),
    **dict.fromkeys(("output", "response"), "'result'"),
    **dict.fromkeys(("sub_task", "subtasks", "children", "sub_executions", "sub_agents"), "'sub_tasks'"),
    **dict.fromkeys(("hitl_request", "human", "approval"), "'hitl'"),
    **dict.fromkeys(("pending_eca_request", "auth", "oauth"), "'eca'"),
    **dict.fromkeys(("sets", "properties", "values"), "'set'"),
    **dict.fromkeys(("expire", "expires", "timeout"), "'on: {expire: {after: 24h, goto: step-id}}'"),
    **{signal: f"'on: {{{signal}: step-id}}'" for signal in _SIGNALS},
}
SIGNAL_SLIPS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("approved", "accept", "accepted"), "approve"),
    **dict.fromkeys(("rejected", "decline", "declined"), "reject"),
    **dict.fromkeys(("authorized", "authorise", "authorised"), "authorize"),
    **dict.fromkeys(("denied",), "deny"),
    **dict.fromkeys(("expired", "expires", "timeout"), "expire"),
}
STATUS_SLIPS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("running", "run", "in_progress", "processing", "started", "working", "active"), "executing"),
    **dict.fromkeys(("queued", "created", "scheduled", "new", "submitted"), "pending"),
    **dict.fromkeys(("waiting", "suspended", "blocked", "awaiting", "on_hold", "pause"), "paused"),
    **dict.fromkeys(("done", "success", "succeeded", "finished", "complete", "ok"), "completed"),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "killed", "terminated", "rejected", "stop"), "stopped"),
    **dict.fromkeys(("failure", "fail", "denied"), "failed"),
    **dict.fromkeys(("errored", "crashed", "exception", "expired", "timeout", "timed_out"), "error"),
}
# Signals that mean something at every step, so that no scenario may wait for them by name.
EVERYWHERE: Final[Mapping[str, str]] = {
    "stop": "every task can be stopped at any time; remove it",
    "poll": "a read is counted by 'polls: 2'; a step has either 'on' or 'polls'",
    "skip": "every task can be skipped forward at any time; remove it",
    "update": "an outside worker can update every task at any time; remove it",
    "start": "it is what the history calls a task's birth; choose another name",
    "after": "write 'expire: {after: 24h, goto: step-id}', or 'after' at the step instead of 'on'",
    "polls": "'polls' stands at the step, instead of 'on'",
    "goto": "name a signal and where it leads, such as 'approve: step-id'",
}
OF_THE_EMULATOR: Final[Mapping[str, str]] = {
    "status": "write 'status' at the step itself",
    "id": "the emulator or the client gives it; remove it",
    "hitl_request": "write 'hitl' at a paused step",
    "pending_eca_request": "write 'eca' at a paused step",
}
