"""The `Prefer` header (RFC 7240): the response that a client asks for."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from xpander_emulator.contract.request.accept import list_items
from xpander_emulator.errors import BadRequest

_T = TypeVar("_T")
_KNOWN: Final = frozenset({"code", "example", "dynamic", "seed", "scenario", "wait", "fault"})
# A semicolon in a quoted text separates nothing.
_BEFORE_SEMICOLON: Final = re.compile(r'(?:[^;"]|"[^"]*"?)*')
# RFC 7240, 2: a preference without a value is one with an empty value.
_FLAGS: Final = {"": True, "true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences of a request.

    wait:    in seconds.
    ignored: the names of preferences that are not known here.
    """

    code: int | None = None
    example: str | None = None
    dynamic: bool = False
    seed: int | None = None
    scenario: str | None = None
    wait: float | None = None
    fault: str | None = None
    ignored: tuple[str, ...] = ()

    @property
    def ask_the_contract(self) -> bool:
        """Whether the request asks for a response made from the contract alone, instead of that of a task."""
        return self.code is not None or self.example is not None or self.dynamic or self.seed is not None


def parse_prefer(values: Sequence[str]) -> Preferences:
    """Return the preferences in the `Prefer` headers of a request; of a repeated name, the first one counts.

    Raises BadRequest for a value that its name cannot have: a silent default would hide a typing error.
    """
    sent: dict[str, str] = {}
    for preference in (item for value in values for item in list_items(value)):
        # RFC 7240, 2: parameters after a semicolon belong to the preference; none is defined for ours.
        name, _, value = "".join(_BEFORE_SEMICOLON.findall(preference)[:1]).partition("=")
        sent.setdefault(name.strip().lower(), _unquoted(value.strip()))
    sent.pop("", None)
    return Preferences(
        code=_read(sent, "code", _status, "a status from 100 to 599"),
        example=sent.get("example") or None,
        dynamic=_read(sent, "dynamic", _flag, "true or false") or False,
        seed=_read(sent, "seed", int, "a whole number"),
        scenario=sent.get("scenario") or None,
        wait=_read(sent, "wait", _seconds, "a number of seconds"),
        fault=sent.get("fault") or None,
        ignored=tuple(name for name in sent if name not in _KNOWN),
    )


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"')
    return value


def _read(sent: Mapping[str, str], name: str, convert: Callable[[str], _T], expected: str) -> _T | None:
    if name not in sent:
        return None
    try:
        return convert(sent[name])
    except ValueError:
        raise BadRequest(f"Prefer: {name}={sent[name]}: {expected} was expected") from None


def _status(text: str) -> int:
    if not re.fullmatch(r"[1-5]\d\d", text, re.ASCII):
        raise ValueError(text)
    return int(text)


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise ValueError(text)
    return _FLAGS[text.lower()]


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError(text)
    return seconds
