"""What a failing test is told: the stories of its tasks, and what was asked."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from xpander_emulator.common.types import JsonObject
from xpander_emulator.testkit.namespace import Room
from xpander_emulator.testkit.verification import Asked
from xpander_emulator.web.control import views

MOST_TASKS: Final = 20
MOST_REQUESTS: Final = 500
MOST_ROWS: Final = 30
MOST_OF_A_REMARK: Final = 300


def stories(room: Room) -> str:
    """Return where each task of a test stands and how it came there; the newest 20, in the order of their start."""
    task_states = room.task_states()
    left_out = len(task_states) - MOST_TASKS
    parts = [f"(The {left_out} oldest tasks are left out.)"] if left_out > 0 else []
    for task_state in task_states[-MOST_TASKS:]:
        task = views.task_view(task_state, {})
        waits = f"waits for {', '.join(task['waits_for'])}; " if task["waits_for"] else ""
        change = f"changes by itself at {task['next_change']}" if task["next_change"] else "nothing changes by itself"
        parts.append(
            f"Task {task['id']} ({task['kind']} {task['runs']}, scenario {task['scenario']})\n"
            f"is {task['status']} at step '{task['step']}', {task['source']}; {waits}{change}\n"
            + "\n".join(_rows([_cells(told) for told in views.history(task_state)]))
        )
    return "\n\n".join(parts) if parts else _nothing(room)


def requests(asked: Asked) -> str:
    """Return what was asked and answered, oldest first, and below each what went wrong or nearly came otherwise.

    Equal ones in a row are one line, and the newest 30 lines are told.
    """
    told = asked.summaries(MOST_REQUESTS)
    if not told:
        return asked.nothing()
    shown = _in_rows(told)[-MOST_ROWS:]
    left_out = shown[0][0][0] - 1
    lines = [f"(The {left_out} oldest requests are left out.)"] if left_out else []
    rows = _rows([(_ids(ids), *cells) for ids, cells, _ in shown])
    for row, (_, _, remarks) in zip(rows, shown, strict=True):
        lines += [row, *(f"      {_cut(remark)}" for remark in remarks)]
    return "\n".join(lines)


def _in_rows(told: list[tuple[JsonObject, list[str]]]) -> list[tuple[list[int], tuple[str, ...], tuple[str, ...]]]:
    """Return the ids of equal requests in a row, what they were, and the remarks on them."""
    rows = [(_asked(item), tuple(remarks), item["id"]) for item, remarks in told]
    grouped = groupby(rows, key=itemgetter(0, 1))
    return [([ordinal for *_, ordinal in each], asked, remarks) for (asked, remarks), each in grouped]


def _asked(item: JsonObject) -> tuple[str, ...]:
    query = "?" + "&".join(f"{name}={value}" for name, value in item["query"].items()) if item["query"] else ""
    shown = f"{item['scenario']}/{item['step']} {item['task_status']}" if item["task_id"] else ""
    return item["method"], _cut(item["path"] + query), str(item["status"]), shown


def _ids(ids: list[int]) -> str:
    return str(ids[0]) if len(ids) == 1 else f"{ids[0]}-{ids[-1]}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_OF_A_REMARK else f"{text[:MOST_OF_A_REMARK]}…"


def _cells(told: JsonObject) -> tuple[str, ...]:
    who = f"by {told['by']}" if told["by"] else ""
    return told["at"], told["status"], told["step"], " ".join(filter(None, (told["cause"], who, told["reason"])))


def _rows(cells: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _nothing(room: Room) -> str:
    """Return that nothing was started, and where else something was: by a client with another key."""
    others = sorted(room.call(room.engine.store.namespaces()).items())
    found = ", ".join(f"{name} ({count})" for name, count in others if count and name != room.namespace)
    elsewhere = f"\nThere are tasks of other keys, by namespace: {found}." if found else ""
    return f"No task was started with this test's key, {room.key!r}.{elsewhere}"
