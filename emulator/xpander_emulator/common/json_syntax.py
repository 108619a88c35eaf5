"""JSON texts that people write, and the words for where a text stops being JSON: the same on every Python."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

# Since Python 3.13 the fault is the comma before a closing bracket; here it is the bracket, as in all versions before.
_TRAILING_COMMA: Final = re.compile(r"Illegal trailing comma before end of (object|array)")
_EXPECTED: Final = {"object": "Expecting property name enclosed in double quotes", "array": "Expecting value"}
_AFTER_COMMA: Final = re.compile(r",[ \t\n\r]*")
# Below where the standard library of any Python gives up: some give up at 1,000 levels, others far beyond.
MAX_LEVELS: Final = 500
# A string without an end goes on to the end of the text, so that none is looked at twice.
_STRINGS_AND_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.?)*+"?|[\[{]|[\]}]', re.DOTALL)


class NotJson(ValueError):
    """A text that is no JSON. The message says where, what was found and what would be right."""


@dataclass(frozen=True, slots=True)
class JsonSyntaxError:
    """The first place where a text is no JSON. `offset` counts characters from 0; `reason` is what FastAPI sends."""

    offset: int
    reason: str


def read_json(text: str) -> Any:
    """Return the value of a JSON text. Raises NotJson."""
    if _is_too_deep(text):
        raise NotJson("it is nested too deep")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotJson(_in_words(text, _fault(text, error))) from None
    except ValueError:  # the only other one: an integer of more digits than Python converts
        raise NotJson("it has a number with too many digits") from None


def json_fault(text: str) -> JsonSyntaxError | None:
    """Return where a text is no JSON; None where Python takes it, or it is nested too deep to say."""
    if _is_too_deep(text):
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _fault(text, error)
    except ValueError:
        return None
    return None


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_LEVELS:
        return False
    levels = 0
    for found in _STRINGS_AND_BRACKETS.finditer(text):
        levels += (found[0] in "[{") - (found[0] in "]}")
        if levels > MAX_LEVELS:
            return True
    return False


def _fault(text: str, error: json.JSONDecodeError) -> JsonSyntaxError:
    trailing = _TRAILING_COMMA.fullmatch(error.msg)
    comma = _AFTER_COMMA.match(text, error.pos)
    if trailing is None or comma is None:
        return JsonSyntaxError(error.pos, error.msg)
    return JsonSyntaxError(comma.end(), _EXPECTED[trailing[1]])


def _in_words(text: str, fault: JsonSyntaxError) -> str:
    """Return "Expecting value at line 1, column 9, found '}'"."""
    line = text.count("\n", 0, fault.offset) + 1
    column = fault.offset - text.rfind("\n", 0, fault.offset)
    found = f"'{text[fault.offset]}'" if fault.offset < len(text) else "the end"
    return f"{fault.reason.removesuffix(' at')} at line {line}, column {column}, found {found}"
