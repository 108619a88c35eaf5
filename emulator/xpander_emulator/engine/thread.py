"""What was said in a task: its requests and its results, as a thread and as an activity log."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from xpander_emulator.clock import iso
from xpander_emulator.common.types import Json
from xpander_emulator.core.timeline import Millis
from xpander_emulator.engine.task_state import TaskState

# A thread and an activity log call the same speakers by different names.
_ROLES: Final = {"user": "user", "agent": "assistant"}


class _Said(NamedTuple):
    id: str
    speaker: str
    text: str
    files: Sequence[str]
    at: Millis


def messages(task_state: TaskState, body: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the messages of one turn; `body` is the whole task as it stands in it."""
    return [
        {"id": said.id, "role": _ROLES[said.speaker], "content": said.text, "created_at": said.at // 1000}
        for said in _said(task_state, body)
    ]


def activity(turns: Sequence[tuple[TaskState, Mapping[str, Json]]]) -> dict[str, Json]:
    """Return the activity log of a task from all of its turns, oldest first, each with the whole task as in it."""
    body = turns[-1][1]
    return {
        "id": body["id"],
        "created_at": body["created_at"],
        "messages": [_entry(said) for task_state, then in turns for said in _said(task_state, then)],
        "user": body["input"]["user"],
    }


def _said(task_state: TaskState, body: Mapping[str, Json]) -> Iterator[_Said]:
    """Yield the request, and the result once there is one."""
    number, asked = task_state.number + 1, body["input"]
    yield _Said(f"{body['id']}_user_{number}", "user", asked["text"], asked["files"], task_state.snapshot.visits[0].at)
    if body["result"] is not None:
        yield _Said(f"{body['id']}_agent_{number}", "agent", body["result"], (), task_state.snapshot.updated_at)


def _entry(said: _Said) -> dict[str, Json]:
    content = {"text": said.text, "files": list(said.files)}
    return {"id": said.id, "created_at": iso(said.at), "role": said.speaker, "content": content}
