"""JSON that people write, and messages about syntax errors in it: the same on every version of Python."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

# Since Python 3.13 the error is at the comma before a closing bracket; here it is at the bracket, as in older versions.
_TRAILING_COMMA: Final = re.compile(r"Illegal trailing comma before end of (object|array)")
_EXPECTED: Final = {"object": "Expecting property name enclosed in double quotes", "array": "Expecting value"}
_AFTER_COMMA: Final = re.compile(r",[ \t\n\r]*")
# Fewer levels than any version of Python refuses: some refuse 1,000, others far more.
MAX_LEVELS: Final = 500
# A string without an end matches up to the end of the text, so that no part is scanned twice.
_STRINGS_AND_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.?)*+"?|[\[{]|[\]}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonSyntaxError:
    """The first syntax error of a text. `offset` counts characters from 0; `reason` is in the words of FastAPI."""

    offset: int
    reason: str


class NotJson(ValueError):
    """A text is not JSON. The message says where, what was found and what would be right.

    syntax_error: None where the text is nested too deep, or has a number with too many digits.
    """

    def __init__(self, message: str, syntax_error: JsonSyntaxError | None = None) -> None:
        super().__init__(message)
        self.syntax_error = syntax_error


def read_json(text: str) -> Any:
    """Return the value of a JSON text. Raises NotJson."""
    if _is_too_deep(text):
        raise NotJson("it is nested too deep")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        syntax_error = _syntax_error(text, error)
        raise NotJson(_message(text, syntax_error), syntax_error) from None
    except ValueError:  # the only other one: an integer of more digits than Python converts
        raise NotJson("it has a number with too many digits") from None


def find_syntax_error(text: str) -> JsonSyntaxError | None:
    """Return the first syntax error of a text; None where Python reads it, or it is nested too deep."""
    try:
        read_json(text)
    except NotJson as error:
        return error.syntax_error
    return None


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_LEVELS:
        return False
    levels = 0
    for token in _STRINGS_AND_BRACKETS.finditer(text):
        levels += (token[0] in "[{") - (token[0] in "]}")
        if levels > MAX_LEVELS:
            return True
    return False


def _syntax_error(text: str, error: json.JSONDecodeError) -> JsonSyntaxError:
    trailing = _TRAILING_COMMA.fullmatch(error.msg)
    comma = _AFTER_COMMA.match(text, error.pos)
    if trailing is None or comma is None:
        return JsonSyntaxError(error.pos, error.msg)
    return JsonSyntaxError(comma.end(), _EXPECTED[trailing[1]])


def _message(text: str, error: JsonSyntaxError) -> str:
    """Return a message such as "Expecting value at line 1, column 9, found '}'"."""
    line = text.count("\n", 0, error.offset) + 1
    column = error.offset - text.rfind("\n", 0, error.offset)
    next_character = f"'{text[error.offset]}'" if error.offset < len(text) else "the end"
    return f"{error.reason.removesuffix(' at')} at line {line}, column {column}, found {next_character}"
