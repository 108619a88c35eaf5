"""The messages of a task, its requests and its results, as a thread and as an activity log."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from xpander_emulator.clock import iso
from xpander_emulator.common.types import Json
from xpander_emulator.core.timeline import Millis
from xpander_emulator.engine.task_state import TaskState

# A thread calls the speakers of an activity log by other names.
_ROLES: Final = {"user": "user", "agent": "assistant"}


class _Message(NamedTuple):
    id: str
    speaker: str
    text: str
    files: Sequence[str]
    at: Millis


def messages(task_state: TaskState, body: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the messages of one turn; `body` is the task in that turn."""
    return [
        {"id": message.id, "role": _ROLES[message.speaker], "content": message.text, "created_at": message.at // 1000}
        for message in _messages(task_state, body)
    ]


def activity(turns: Sequence[tuple[TaskState, Mapping[str, Json]]]) -> dict[str, Json]:
    """Return the activity log of a task from its turns, oldest first, each with the body of the task in that turn."""
    body = turns[-1][1]
    return {
        "id": body["id"],
        "created_at": body["created_at"],
        "messages": [_entry(message) for task_state, then in turns for message in _messages(task_state, then)],
        "user": body["input"]["user"],
    }


def _messages(task_state: TaskState, body: Mapping[str, Json]) -> Iterator[_Message]:
    """Yield the request, and the result once there is one."""
    number, request = task_state.number + 1, body["input"]
    started_at = task_state.snapshot.visits[0].at
    yield _Message(f"{body['id']}_user_{number}", "user", request["text"], request["files"], started_at)
    if body["result"] is not None:
        yield _Message(f"{body['id']}_agent_{number}", "agent", body["result"], (), task_state.snapshot.updated_at)


def _entry(message: _Message) -> dict[str, Json]:
    content = {"text": message.text, "files": list(message.files)}
    return {"id": message.id, "created_at": iso(message.at), "role": message.speaker, "content": content}
