"""Graph: a timeline as nodes and edges, for the control API and for diagrams."""

from collections.abc import Iterator
from typing import Any

from xpander_emulator.core.status import TERMINAL
from xpander_emulator.core.timeline import After, Polls, Step, Timeline, Wait, exits
from xpander_emulator.scenario.durations import range_as_text


def graph(timeline: Timeline) -> dict[str, Any]:
    """Return `{"nodes": [{id, status, line}], "edges": [{from, to, by}]}`, in the order of the file.

    An edge that is taken by time has `after`, one that is taken by reads `count`. A stop has no edge: it is always
    possible.
    """
    return {
        "nodes": [{"id": step.id, "status": step.status.value, "line": step.line} for step in timeline.steps],
        "edges": [edge for step in timeline.steps for edge in _edges(timeline, step)],
    }


def mermaid(timeline: Timeline) -> str:
    """Return the graph as a Mermaid state diagram."""
    number = {step.id: f"s{index}" for index, step in enumerate(timeline.steps)}
    lines = ["stateDiagram-v2", "    [*] --> s0"]
    lines += [f'    state "{_label(step)}" as {number[step.id]}' for step in timeline.steps]
    for step in timeline.steps:
        for edge in _edges(timeline, step):
            lines.append(f"    {number[step.id]} --> {number[edge['to']]} : {_edge_label(edge)}")
        if step.status in TERMINAL:
            lines.append(f"    {number[step.id]} --> [*]")
    return "\n".join(lines) + "\n"


def _edges(timeline: Timeline, step: Step) -> Iterator[dict[str, Any]]:
    for by, target in exits(step).items():
        edge: dict[str, Any] = {"from": step.id, "to": timeline.steps[target].id, "by": by}
        match step.leave:
            case After(low=low, high=high):
                edge["after"] = range_as_text(low, high)
            case Polls(count=count):
                edge["count"] = count
            case Wait(expiry=After(low=low, high=high)) if by == "expire":
                edge["after"] = range_as_text(low, high)
            case _:
                pass
        yield edge


def _label(step: Step) -> str:
    label = step.id if step.id == step.status.value else f"{step.id} ({step.status.value})"
    return _escaped(label)


def _edge_label(edge: dict[str, Any]) -> str:
    by = edge["by"]
    if by == "polls":
        return f"{edge['count']} reads"
    if by == "after":
        return f"after {edge['after']}"
    return _escaped(f"{by} after {edge['after']}" if "after" in edge else by)


def _escaped(text: str) -> str:
    # Mermaid reads `#34;` as a character of the label. A quote, a colon or a semicolon would end the label.
    return "".join(char if char.isalnum() or char in " -_()." else f"#{ord(char)};" for char in text)
