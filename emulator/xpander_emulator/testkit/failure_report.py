"""The report of a failed test: its tasks and its requests."""

from itertools import groupby
from operator import itemgetter
from typing import Final

from xpander_emulator.common.terminal_text import columns
from xpander_emulator.common.types import JsonObject
from xpander_emulator.testkit.namespace import Namespace
from xpander_emulator.testkit.verification import JournalReader
from xpander_emulator.web.control import views

MOST_TASKS: Final = 20
MOST_REQUESTS: Final = 500
MOST_ROWS: Final = 30
LONGEST_TEXT: Final = 300


def tasks_text(namespace: Namespace) -> str:
    """Return the state and the history of a test's newest 20 tasks, in the order of their start."""
    task_states = namespace.task_states()
    if not task_states:
        return namespace.no_task()
    left_out = len(task_states) - MOST_TASKS
    parts = [f"(The {left_out} oldest tasks are left out.)"] if left_out > 0 else []
    for task_state in task_states[-MOST_TASKS:]:
        task = views.task_view(task_state, {})
        waits = f"waits for {', '.join(task['waits_for'])}; " if task["waits_for"] else ""
        change = f"changes by itself at {task['next_change']}" if task["next_change"] else "nothing changes by itself"
        history = [_change(entry) for entry in views.history(task_state)]
        parts.append(
            f"Task {task['id']} ({task['kind']} {task['runs']}, scenario {task['scenario']})\n"
            f"is {task['status']} at step '{task['step']}', {task['source']}; {waits}{change}\n"
            + "\n".join(f"  {line}" for line in columns(history))
        )
    return "\n\n".join(parts)


def requests_text(journal: JournalReader) -> str:
    """Return the newest requests of a test, oldest first, each with remarks on what went wrong.

    Equal requests in a row are one line; there are 30 lines at most.
    """
    groups = _groups(journal)[-MOST_ROWS:]
    if not groups:
        return journal.namespace.no_request()
    left_out = groups[0][0][0] - 1
    lines = [f"(The {left_out} oldest requests are left out.)"] if left_out else []
    rows = columns([(_ids(ids), *cells) for ids, cells, _ in groups])
    for row, (_, _, remarks) in zip(rows, groups, strict=True):
        lines += [f"  {row}", *(f"      {_cut(remark)}" for remark in remarks)]
    return "\n".join(lines)


def _groups(journal: JournalReader) -> list[tuple[list[int], tuple[str, ...], tuple[str, ...]]]:
    """Return groups of equal requests in a row: their ids, their cells, and the remarks on them."""
    rows = [(_cells(summary), tuple(remarks), summary["id"]) for summary, remarks in journal.summaries(MOST_REQUESTS)]
    grouped = groupby(rows, key=itemgetter(0, 1))
    return [([ordinal for *_, ordinal in group], cells, remarks) for (cells, remarks), group in grouped]


def _cells(summary: JsonObject) -> tuple[str, ...]:
    query = "&".join(f"{name}={value}" for name, value in summary["query"].items())
    target = f"{summary['path']}?{query}" if query else summary["path"]
    task = f"{summary['scenario']}/{summary['step']} {summary['task_status']}" if summary["task_id"] else ""
    return summary["method"], _cut(target), str(summary["status"]), task


def _ids(ids: list[int]) -> str:
    return str(ids[0]) if len(ids) == 1 else f"{ids[0]}-{ids[-1]}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _change(entry: JsonObject) -> tuple[str, ...]:
    by = f"by {entry['by']}" if entry["by"] else ""
    return entry["at"], entry["status"], entry["step"], " ".join(filter(None, (entry["cause"], by, entry["reason"])))
