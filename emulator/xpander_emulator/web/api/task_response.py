"""A task as an answer: with the status that its operation declares, and where it came from in the headers."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from xpander_emulator.common.types import Headers
from xpander_emulator.contract.extension.property_names import reader
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.engine.engine import View
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.web.http import WARNING, Reply
from xpander_emulator.web.pipeline import Call
from xpander_emulator.web.sse import beyond_contract

_LONGEST_WARNING: Final = 400


class TaskReplies:
    """Makes the answers with a task of one contract."""

    def __init__(self, contract: Contract) -> None:
        read = reader(contract)
        self._path = "" if read is None else read.path
        self._good = {operation.id: _good_answer(operation) for operation in contract.operations}

    def of(self, call: Call, view: View) -> Reply:
        """Return a task as an answer that says by which line of which story it was given.

        Its status is the first of success that the operation declares; a declared `Location` leads to the task. Where
        no body is declared there is none.
        """
        kept: Reply | None = view.replies.get(call.operation.id)
        if kept is None:
            kept = view.replies[call.operation.id] = self._made(call.operation.id, view)
        return kept

    def _made(self, operation: str, view: View) -> Reply:
        status, has_location, has_body = self._good[operation]
        headers = (*told_by(view.task_state), *beyond_contract(view.sent.beyond), *warned(view.warning))
        if has_location:
            path = re.sub(r"\{[^{}]+\}", quote(view.task_state.task.id, safe=""), self._path)
            headers = (*headers, (b"location", path.encode("latin-1", "replace")))
        if not has_body:
            return Reply(status, media_type=None, headers=headers, task_state=view.task_state)
        data, task_state = view.sent.body, view.task_state
        return Reply(status, view.encoded, headers=headers, data=data, task_state=task_state, checked=view.checked)


def task_id_of(call: Call) -> str:
    """Return the id of the task that a call is about."""
    task_id: str = call.parameters[call.operation.behaviour.get("subject", "task_id")]
    return task_id


def _good_answer(operation: Operation) -> tuple[int, bool, bool]:
    """Return the first status of success, and whether it declares the header `Location`, and a body."""
    status = next((code for code in operation.responses if code.startswith("2") and code.isdecimal()), "200")
    response = operation.responses.get(status)
    if response is None:
        return int(status), False, True
    return int(status), any(name.lower() == "location" for name in response.headers), bool(response.content)


def told_by(task_state: TaskState) -> Headers:
    """Return the headers that say by which line of which story an answer was given."""
    timeline, step = task_state.turn.timeline, task_state.snapshot.step
    return _explained(timeline.name, step.id, timeline.source, step.line)


def warned(warning: str) -> Headers:
    """Return the header that says what of a request was left aside; none for nothing."""
    if not warning:
        return ()
    text = "".join(each if " " <= each <= "~" else repr(each)[1:-1] for each in warning)
    text = text if len(text) <= _LONGEST_WARNING else f"{text[: _LONGEST_WARNING - 3]}..."
    return ((WARNING, text.encode("ascii", "backslashreplace")),)


@lru_cache(maxsize=4096)
def _explained(scenario: str, step: str, source: str, line: int) -> Headers:
    """Return the headers that say where an answer comes from."""
    told = (("x-emulator-scenario", scenario), ("x-emulator-step", step), ("x-emulator-source", f"{source}:{line}"))
    return tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in told)
