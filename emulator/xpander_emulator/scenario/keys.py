"""Keys: the words of the language, and corrections: what to write for the wrong words that people usually try."""

from collections.abc import Mapping
from typing import Final, TypeAlias

TOP_KEYS: Final = ("scenario", "description", "match", "faults", "fault", "steps")
STEP_KEYS: Final = (
    *("id", "status", "after", "polls", "on", "goto"),
    *("set", "fake", "result", "hitl", "eca", "sub_tasks", "events", "stream", "fault"),
)
EXITS: Final = ("after", "polls", "on")
EXPIRY_KEYS: Final = ("after", "goto")
HITL_KEYS: Final = ("wait_node_id", "title", "content", "approve_button_text", "deny_button_text")
ECA_KEYS: Final = ("connector_name", "auth_url", "scopes", "title", "content")
REQUEST_KEYS: Final = ("tool_name", "payload", "operation_id", "graph_node_id", "reasoning")
RESULT_KEYS: Final = ("tool_name", "result", "is_error")
REASONING_KEYS: Final = ("title", "description")
SUB_AGENT_KEYS: Final = ("agent_id", "query", "files", "reasoning")
AUTH_KEYS: Final = ("type", "data")
AUTH_TYPES: Final = ("not_supported", "login_required", "token_issue", "token_ready")
IDS_OF_A_CALL: Final = ("request_id", "tool_call_id")
FAULT_KEYS: Final = ("kind", "status", "headers", "body", "latency", "over", "event")
STEP_FAULT_KEYS: Final = ("use", "operation", "nth", "times")
FAULT_RULE_KEYS: Final = (*STEP_FAULT_KEYS, "task_status")
CONDITIONS: Final = ("equals", "contains", "regex", "exists")

# The events that the SDK of the contract's date knows. An SDK of that date stops at the first later event.
SEED_EVENTS: Final = (
    *("think", "analyze", "tool_call_request", "tool_call_result", "chunk", "plan_updated"),
    *("sub_agent_trigger", "auth_event", "task_compactization"),
)
LATER_EVENTS: Final = (
    *("context_status", "ask_user_questions", "process_update", "process_state_changed", "agent_gateway_decision"),
    *("gateway_steer_applied", "sub_task_created", "sub_task_updated", "sub_task_finished", "invite_member"),
    *("member_invited", "ask_for_secret", "secret_saved", "live_surface_created", "inline_card"),
)
EVENTS: Final = (*SEED_EVENTS, *LATER_EVENTS)
EVENTS_OF_THE_EMULATOR: Final = ("task_created", "task_updated", "task_finished", "connected")
EVENT_ENVELOPE: Final = ("type", "event", "name")

Corrections: TypeAlias = Mapping[str, str]
TOP_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("when", "matches", "trigger", "selector", "if"), "'match'"),
    **dict.fromkeys(("name", "id", "story"), "'scenario'"),
    **dict.fromkeys(("desc", "summary", "title"), "'description'"),
    **dict.fromkeys(("step", "states", "stages", "timeline"), "'steps'"),
    **dict.fromkeys(("errors", "failures", "chaos"), "'faults'"),
}
_SIGNALS: Final = ("approve", "reject", "authorize", "deny")
STEP_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("next", "then", "to", "next_step"), "'goto'"),
    **dict.fromkeys(("delay", "wait", "sleep", "duration", "for"), "'after'"),
    **dict.fromkeys(("poll", "reads"), "'polls'"),
    **dict.fromkeys(("state", "phase"), "'status'"),
    **dict.fromkeys(("name", "step"), "'id'"),
    **dict.fromkeys(("signal", "signals", "when", "transitions"), "'on'"),
    **dict.fromkeys(("output", "response"), "'result'"),
    **dict.fromkeys(("sub_task", "subtasks", "children", "sub_executions", "sub_agents"), "'sub_tasks'"),
    **dict.fromkeys(("event", "tells", "activity"), "'events'"),
    **dict.fromkeys(("streams", "streaming", "chunks"), "'stream: words'"),
    **dict.fromkeys(("hitl_request", "human", "approval"), "'hitl'"),
    **dict.fromkeys(("pending_eca_request", "auth", "oauth"), "'eca'"),
    **dict.fromkeys(("sets", "properties", "values"), "'set'"),
    **dict.fromkeys(("faults", "failure", "chaos"), "'fault'"),
    **dict.fromkeys(("expire", "expires", "timeout"), "'on: {expire: {after: 24h, goto: step-id}}'"),
    **{signal: f"'on: {{{signal}: step-id}}'" for signal in _SIGNALS},
}
FAULT_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("code", "status_code", "http_status", "statuscode"), "'status'"),
    **dict.fromkeys(("delay", "after", "wait", "sleep"), "'latency'"),
    **dict.fromkeys(("name", "fault", "ref"), "'use'"),
    **dict.fromkeys(("type", "what"), "'kind'"),
    **dict.fromkeys(("count", "repeat", "for"), "'times'"),
    **dict.fromkeys(("header",), "'headers'"),
    **dict.fromkeys(("duration", "during"), "'over'"),
    **dict.fromkeys(("events", "after_events", "n"), "'event'"),
    **dict.fromkeys(("on", "path", "route", "operation_id", "operationid"), "'operation'"),
    "retry_after": "'headers: {Retry-After: 1}'",
    "retry-after": "'headers: {Retry-After: 1}'",
}
FAULT_KIND_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("delay", "slow"), "latency"),
    **dict.fromkeys(("connection-reset", "reset-by-peer", "rst", "abort"), "reset"),
    **dict.fromkeys(("empty-reply", "empty-response", "close", "closed"), "empty"),
    **dict.fromkeys(("truncate", "half", "incomplete", "partial"), "truncated"),
    **dict.fromkeys(("invalid-json", "broken-json", "cut"), "malformed"),
    **dict.fromkeys(("drip", "dribble", "slow-response"), "slow-body"),
    **dict.fromkeys(("stream-cut", "broken-stream", "cut-off"), "cut-stream"),
    **dict.fromkeys(("duplicate", "repeat-event", "duplicated-event"), "duplicate-event"),
    **dict.fromkeys(("out-of-order-event", "swap", "swapped", "reorder"), "out-of-order"),
    **dict.fromkeys(("error", "http", "http-error"), "status"),
}
SIGNAL_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("approved", "accept", "accepted"), "approve"),
    **dict.fromkeys(("rejected", "decline", "declined"), "reject"),
    **dict.fromkeys(("authorized", "authorise", "authorised"), "authorize"),
    **dict.fromkeys(("denied",), "deny"),
    **dict.fromkeys(("expired", "expires", "timeout"), "expire"),
}
STATUS_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("running", "run", "in-progress", "processing", "started", "working", "active"), "executing"),
    **dict.fromkeys(("queued", "created", "scheduled", "new", "submitted"), "pending"),
    **dict.fromkeys(("waiting", "suspended", "blocked", "awaiting", "on-hold", "pause"), "paused"),
    **dict.fromkeys(("done", "success", "succeeded", "finished", "complete", "ok"), "completed"),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "killed", "terminated", "rejected", "stop"), "stopped"),
    **dict.fromkeys(("failure", "fail", "denied"), "failed"),
    **dict.fromkeys(("errored", "crashed", "exception", "expired", "timeout", "timed-out"), "error"),
}
EVENT_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("thought", "thinking", "thoughts", "reasoning"), "think"),
    **dict.fromkeys(("analysis", "analyse", "analysing", "analyzing"), "analyze"),
    **dict.fromkeys(("tool_call", "tool", "tool_request", "tool_use"), "tool_call_request"),
    **dict.fromkeys(("tool_result", "tool_response", "tool_call_response"), "tool_call_result"),
    **dict.fromkeys(("text", "delta", "token", "message", "content", "content_chunk"), "chunk"),
    **dict.fromkeys(("plan", "deep_planning", "plan_update"), "plan_updated"),
    **dict.fromkeys(("sub_agent", "subagent", "handoff"), "sub_agent_trigger"),
    **dict.fromkeys(("auth", "authorization"), "auth_event"),
    **dict.fromkeys(("compaction", "task_compaction", "compactization"), "task_compactization"),
}
OFFSET_CORRECTIONS: Final = ("after", "offset", "delay", "time", "when")
REQUEST_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("tool", "name", "function"), "'tool_name'"),
    **dict.fromkeys(("arguments", "args", "input", "params", "parameters"), "'payload'"),
    **dict.fromkeys(("node", "node_id"), "'graph_node_id'"),
}
RESULT_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("tool", "name", "function"), "'tool_name'"),
    **dict.fromkeys(("output", "response", "content", "value"), "'result'"),
    **dict.fromkeys(("error", "failed", "iserror"), "'is_error: true'"),
}
HITL_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("id", "node_id"), "'wait_node_id'"),
    **dict.fromkeys(("body", "text", "message"), "'content'"),
    "subject": "'title'",
}
ECA_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("connector", "name"), "'connector_name'"),
    "url": "'auth_url'",
    "scope": "'scopes'",
}
SUB_TASK_CORRECTIONS: Final[Corrections] = dict.fromkeys(
    ("agent_id", "scenario", "id", "workflow", "name"), "'workflow_id'"
)
CONDITION_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("eq", "is", "equal", "value"), "'equals'"),
    **dict.fromkeys(("include", "includes", "has"), "'contains'"),
    **dict.fromkeys(("matches", "pattern", "regexp"), "'regex'"),
    **dict.fromkeys(("present", "exist"), "'exists'"),
}
SUB_AGENT_CORRECTIONS: Final[Corrections] = dict.fromkeys(("agent", "id", "name", "workflow_id"), "'agent_id'")
AUTH_CORRECTIONS: Final[Corrections] = {
    **dict.fromkeys(("url", "server_url", "server_name"), "'data: {url: …, server_url: …, server_name: …}'"),
    **dict.fromkeys(("state", "status", "event"), "'type'"),
}
# Signals that have a meaning at every step, so that no scenario may wait for them by name.
RESERVED_SIGNALS: Final[Mapping[str, str]] = {
    "stop": "every task can be stopped at any time; remove it",
    "poll": "a read is counted by 'polls: 2'; a step has either 'on' or 'polls'",
    "skip": "every task can be skipped forward at any time; remove it",
    "update": "an outside worker can update every task at any time; remove it",
    "start": "the history calls the start of a task by it; choose another name",
    "after": "write 'expire: {after: 24h, goto: step-id}', or 'after' at the step instead of 'on'",
    "polls": "'polls' stands at the step, instead of 'on'",
    "goto": "name a signal and where it leads, such as 'approve: step-id'",
}
# Properties of the task that the emulator sets.
RESERVED_PROPERTIES: Final[Mapping[str, str]] = {
    "status": "write 'status' at the step itself",
    "id": "the emulator or the client sets it; remove it",
    "hitl_request": "write 'hitl' at a paused step",
    "pending_eca_request": "write 'eca' at a paused step",
}
