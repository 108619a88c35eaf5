"""The headers by which a response says what the emulator did: scenario, step, source, fault, number, preferences."""

from functools import lru_cache
from typing import Final

from xpander_emulator.common.types import Header, Headers
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.engine.task_state import TaskState

WARNING: Final = b"x-emulator-warning"
PREFERENCE_APPLIED: Final = b"preference-applied"
_LONGEST_WARNING: Final = 400


def source_headers(task_state: TaskState) -> Headers:
    """Return the headers that name the scenario, the step and the line of the file that a response comes from."""
    timeline, step = task_state.turn.timeline, task_state.snapshot.step
    return _source_headers(timeline.name, step.id, timeline.source, step.line)


@lru_cache(maxsize=4096)
def _source_headers(scenario: str, step: str, file: str, line: int) -> Headers:
    headers = (("x-emulator-scenario", scenario), ("x-emulator-step", step), ("x-emulator-source", f"{file}:{line}"))
    return tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in headers)


def request_number(ordinal: int) -> Header:
    """Return the header with the number of a response in the journal of its namespace."""
    return (b"x-emulator-request", b"%d" % ordinal)


def fault_headers(hit: Hit) -> Headers:
    """Return the headers that name the fault that struck, and say whether the client preferred it."""
    header = (b"x-emulator-fault", hit.name.encode("latin-1"))
    return (header, *preference_applied(f"fault={hit.name}")) if hit.preferred else (header,)


def beyond_contract(what: str) -> Headers:
    """Return the header that names what of a response the contract does not know; none for ""."""
    return ((b"x-emulator-beyond-contract", what.encode("latin-1", "replace")),) if what else ()


def warning_header(warning: str) -> Headers:
    """Return the header that says what of a request was ignored; none for "". At most 400 characters, in ASCII."""
    if not warning:
        return ()
    text = "".join(each if " " <= each <= "~" else repr(each)[1:-1] for each in warning)
    text = text if len(text) <= _LONGEST_WARNING else f"{text[: _LONGEST_WARNING - 3]}..."
    return ((WARNING, text.encode("ascii", "backslashreplace")),)


def preference_applied(*preferences: str) -> Headers:
    """Return the header that names the preferences that were applied (RFC 7240, 3); none without any."""
    return ((PREFERENCE_APPLIED, ", ".join(preferences).encode("latin-1")),) if preferences else ()
