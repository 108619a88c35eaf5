"""The workflows and agents of a settings file: its tables [[workflows]] and [[agents]]."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from xpander_emulator.errors import Diagnostic, did_you_mean
from xpander_emulator.settings import RUNNABLE_KINDS, Runnable, RunnableKind

TABLES: Final[Mapping[str, RunnableKind]] = {f"{kind}s": kind for kind in RUNNABLE_KINDS}
_KEYS: Final = ("id", "name", "description", "scenario")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One table of a settings file, and its start in the text of the file."""

    kind: RunnableKind
    values: Any
    path: Path
    text: str
    start: int

    def diagnostic(self, key: str | None, message: str) -> Diagnostic:
        """Return a diagnostic at a key of the table, or at the start of the table."""
        start = self.start
        if key is not None:
            # TOML 1.0: a table ends at the next header.
            header = re.compile(r"^[ \t]*\[", re.MULTILINE).search(self.text, self._first_key)
            end = header.start() if header else len(self.text)
            named = re.compile(rf"^[ \t]*([\"']?{re.escape(key)}[\"']?)[ \t]*=", re.MULTILINE)
            match = named.search(self.text, self._first_key, end)
            start = match.start(1) if match else start
        line = self.text.count("\n", 0, start) + 1
        return Diagnostic(str(self.path), line, start - self.text.rfind("\n", 0, start), message)

    @property
    def _first_key(self) -> int:
        end = self.text.find("\n", self.start)
        return len(self.text) if end < 0 else end + 1


def read_runnables(
    path: Path, text: str, values: Mapping[str, Any], section: str = ""
) -> tuple[tuple[Runnable, ...], tuple[Diagnostic, ...]]:
    """Return the workflows and agents of a settings file, and every mistake in them.

    values:  of the file, by their keys.
    section: the section of the file that has the tables, such as `tool.emulator`; "" for none.
    """
    runnables: dict[str, Runnable] = {}
    lines: dict[str, int] = {}
    diagnostics: list[Diagnostic] = []
    for entry in _entries(path, text, values, section):
        mistakes = list(_mistakes(entry))
        if not mistakes and (runnable_id := entry.values["id"]) in runnables:
            message = f"the id '{runnable_id}' is on line {lines[runnable_id]} already; choose another one"
            mistakes.append(entry.diagnostic("id", message))
        if mistakes:
            diagnostics += mistakes
            continue
        runnable = _runnable(entry)
        runnables[runnable.id] = runnable
        lines[runnable.id] = entry.diagnostic("id", "").line
    return tuple(runnables.values()), tuple(diagnostics)


def _entries(path: Path, text: str, values: Mapping[str, Any], section: str) -> Iterator[_Entry]:
    """Yield the tables by kind; an inline table has the start of its list."""
    prefix = rf"(?:{re.escape(section)}\.)?" if section else ""
    for table, kind in TABLES.items():
        header = re.compile(
            rf"^[ \t]*(\[\[[ \t]*{prefix}{table}[ \t]*\]\]|\[?{prefix}{table}[ \t]*[=\]])", re.MULTILINE
        )
        starts = [match.start(1) for match in header.finditer(text)] or [0]
        listed = values.get(table, [])
        for index, item in enumerate(listed if isinstance(listed, list) else [listed]):
            yield _Entry(
                kind, item if isinstance(listed, list) else None, path, text, starts[min(index, len(starts) - 1)]
            )


def _mistakes(entry: _Entry) -> Iterator[Diagnostic]:
    kind, values = entry.kind, entry.values
    if not isinstance(values, dict):
        yield entry.diagnostic(None, f"tables were expected; begin each {kind} with [[{kind}s]]")
        return
    for key, value in values.items():
        if key not in _KEYS:
            yield entry.diagnostic(
                key, f"unknown key '{key}'; {_a(kind)} has {', '.join(_KEYS)}{did_you_mean(key, _KEYS)}"
            )
        elif not isinstance(value, str) or (key != "description" and not value.strip()):
            yield entry.diagnostic(key, f"{key}: a text was expected, not {value!r}")
    if "id" not in values:
        yield entry.diagnostic(None, f'{_a(kind)} needs an id; write id = "…", the id that your program starts')
    elif "/" in str(values["id"]):
        yield entry.diagnostic("id", f"the id '{values['id']}' has a slash, which a path cannot contain; leave it out")


def _runnable(entry: _Entry) -> Runnable:
    values = entry.values
    position = entry.diagnostic("scenario" if "scenario" in values else "id", "")
    return Runnable(
        entry.kind,
        values["id"],
        values.get("name", values["id"]),
        values.get("description", ""),
        values.get("scenario"),
        position.file,
        position.line,
    )


def _a(kind: RunnableKind) -> str:
    return "an agent" if kind == "agent" else "a workflow"
