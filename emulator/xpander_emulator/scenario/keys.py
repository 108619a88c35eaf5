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

# The wrong words, with spaces between, by what to write instead.
Corrections: TypeAlias = Mapping[str, str]

TOP_CORRECTIONS: Final[Corrections] = {
    "'match'": "when matches trigger selector if",
    "'scenario'": "name id story",
    "'description'": "desc summary title",
    "'steps'": "step states stages timeline",
    "'faults'": "errors failures chaos",
}
STEP_CORRECTIONS: Final[Corrections] = {
    "'goto'": "next then to next_step",
    "'after'": "delay wait sleep duration for",
    "'polls'": "poll reads",
    "'status'": "state phase",
    "'id'": "name step",
    "'on'": "signal signals when transitions",
    "'result'": "output response",
    "'sub_tasks'": "sub_task subtasks children sub_executions sub_agents",
    "'events'": "event tells activity",
    "'stream: words'": "streams streaming chunks",
    "'hitl'": "hitl_request human approval",
    "'eca'": "pending_eca_request auth oauth",
    "'set'": "sets properties values",
    "'fault'": "faults failure chaos",
    "'on: {expire: {after: 24h, goto: step-id}}'": "expire expires timeout",
    "'on: {approve: step-id}'": "approve",
    "'on: {reject: step-id}'": "reject",
    "'on: {authorize: step-id}'": "authorize",
    "'on: {deny: step-id}'": "deny",
}
FAULT_CORRECTIONS: Final[Corrections] = {
    "'status'": "code status_code http_status statuscode",
    "'latency'": "delay after wait sleep",
    "'use'": "name fault ref",
    "'kind'": "type what",
    "'times'": "count repeat for",
    "'headers'": "header",
    "'over'": "duration during",
    "'event'": "events after_events n",
    "'operation'": "on path route operation_id operationid",
    "'headers: {Retry-After: 1}'": "retry_after retry-after",
}
FAULT_KIND_CORRECTIONS: Final[Corrections] = {
    "latency": "delay slow",
    "reset": "connection-reset reset-by-peer rst abort",
    "empty": "empty-reply empty-response close closed",
    "truncated": "truncate half incomplete partial",
    "malformed": "invalid-json broken-json cut",
    "slow-body": "drip dribble slow-response",
    "cut-stream": "stream-cut broken-stream cut-off",
    "duplicate-event": "duplicate repeat-event duplicated-event",
    "out-of-order": "out-of-order-event swap swapped reorder",
    "status": "error http http-error",
}
SIGNAL_CORRECTIONS: Final[Corrections] = {
    "approve": "approved accept accepted",
    "reject": "rejected decline declined",
    "authorize": "authorized authorise authorised",
    "deny": "denied",
    "expire": "expired expires timeout",
}
STATUS_CORRECTIONS: Final[Corrections] = {
    "executing": "running run in-progress processing started working active",
    "pending": "queued created scheduled new submitted",
    "paused": "waiting suspended blocked awaiting on-hold pause",
    "completed": "done success succeeded finished complete ok",
    "stopped": "cancelled canceled aborted killed terminated rejected stop",
    "failed": "failure fail denied",
    "error": "errored crashed exception expired timeout timed-out",
}
EVENT_CORRECTIONS: Final[Corrections] = {
    "think": "thought thinking thoughts reasoning",
    "analyze": "analysis analyse analysing analyzing",
    "tool_call_request": "tool_call tool tool_request tool_use",
    "tool_call_result": "tool_result tool_response tool_call_response",
    "chunk": "text delta token message content content_chunk",
    "plan_updated": "plan deep_planning plan_update",
    "sub_agent_trigger": "sub_agent subagent handoff",
    "auth_event": "auth authorization",
    "task_compactization": "compaction task_compaction compactization",
}
OFFSET_CORRECTIONS: Final = ("after", "offset", "delay", "time", "when")
REQUEST_CORRECTIONS: Final[Corrections] = {
    "'tool_name'": "tool name function",
    "'payload'": "arguments args input params parameters",
    "'graph_node_id'": "node node_id",
}
RESULT_CORRECTIONS: Final[Corrections] = {
    "'tool_name'": "tool name function",
    "'result'": "output response content value",
    "'is_error: true'": "error failed iserror",
}
HITL_CORRECTIONS: Final[Corrections] = {
    "'wait_node_id'": "id node_id",
    "'content'": "body text message",
    "'title'": "subject",
}
ECA_CORRECTIONS: Final[Corrections] = {
    "'connector_name'": "connector name",
    "'auth_url'": "url",
    "'scopes'": "scope",
}
SUB_TASK_CORRECTIONS: Final[Corrections] = {
    "'workflow_id'": "agent_id scenario id workflow name",
}
CONDITION_CORRECTIONS: Final[Corrections] = {
    "'equals'": "eq is equal value",
    "'contains'": "include includes has",
    "'regex'": "matches pattern regexp glob",
    "'exists'": "present exist",
}
SUB_AGENT_CORRECTIONS: Final[Corrections] = {
    "'agent_id'": "agent id name workflow_id",
}
AUTH_CORRECTIONS: Final[Corrections] = {
    "'data: {url: …, server_url: …, server_name: …}'": "url server_url server_name",
    "'type'": "state status event",
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


def correction(word: str, corrections: Corrections) -> str | None:
    """Return what to write instead of a wrong word, or None where nothing is known."""
    return next((right for right, wrong in corrections.items() if word in wrong.split()), None)
