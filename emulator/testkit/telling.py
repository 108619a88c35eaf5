"""What a failing test is told: the stories of its tasks."""

from collections.abc import Iterator
from typing import Final

from emulator.testkit.room import Room
from emulator.web import views

MOST_TASKS: Final = 20


def stories(room: Room) -> str:
    """Return where each task of a test stands and how it came there; the newest 20, in the order of their start."""
    standings = room.standings()
    left_out = len(standings) - MOST_TASKS
    parts = [f"(The {left_out} oldest tasks are left out.)"] if left_out > 0 else []
    for standing in standings[-MOST_TASKS:]:
        task = views.task_view(standing, {})
        waits = f"waits for {', '.join(task['waits_for'])}; " if task["waits_for"] else ""
        change = f"changes by itself at {task['next_change']}" if task["next_change"] else "nothing changes by itself"
        parts.append(
            f"Task {task['id']} ({task['kind']} {task['runs']}, scenario {task['scenario']})\n"
            f"is {task['status']} at step '{task['step']}', {task['source']}; {waits}{change}\n"
            + "\n".join(_rows([_cells(told) for told in views.history(standing)]))
        )
    return "\n\n".join(parts) if parts else _nothing(room)


def _cells(told: views.Json) -> tuple[str, ...]:
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
