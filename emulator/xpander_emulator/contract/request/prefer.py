"""The `Prefer` header (RFC 7240): what a client asks of the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from xpander_emulator.contract.request.accept import items
from xpander_emulator.errors import BadRequest

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a request prefers; `wait` is in seconds, `ignored` holds the names that mean nothing here."""

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
        """Whether an answer made from the contract is asked for, whatever the operation does otherwise."""
        return self.code is not None or self.example is not None or self.dynamic or self.seed is not None


def parse_prefer(values: Sequence[str]) -> Preferences:
    """Return what the `Prefer` headers of a request ask for; of a name given twice the first counts.

    Raises BadRequest for a value that its name cannot have: a silent default would hide a typing error.
    """
    found: dict[str, str] = {}
    for preference in (item for value in values for item in items(value)):
        # RFC 7240, 2: parameters after a semicolon belong to the preference; none is defined for ours.
        name, _, value = _head(preference).partition("=")
        found.setdefault(name.strip().lower(), _unquoted(value.strip()))
    found.pop("", None)
    return Preferences(
        code=_read(found, "code", _status, "a status from 100 to 599"),
        example=found.get("example") or None,
        dynamic=_read(found, "dynamic", _flag, "true or false") or False,
        seed=_read(found, "seed", int, "a whole number"),
        scenario=found.get("scenario") or None,
        wait=_read(found, "wait", _seconds, "a number of seconds"),
        fault=found.get("fault") or None,
        ignored=tuple(name for name in found if name not in _KNOWN),
    )


_KNOWN: Final = frozenset({"code", "example", "dynamic", "seed", "scenario", "wait", "fault"})


def _items(value: str) -> list[str]:
    """Return the items of a header that is a list."""
    # Imported with the first such header: every start would pay 3 ms for it.
    from urllib.request import parse_http_list

    return parse_http_list(value)


def _head(preference: str) -> str:
    quoted = False
    for index, character in enumerate(preference):
        quoted ^= character == '"'
        if character == ";" and not quoted:
            return preference[:index]
    return preference


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"')
    return value


def _read(found: Mapping[str, str], name: str, convert: Callable[[str], _T], wanted: str) -> _T | None:
    if name not in found:
        return None
    try:
        return convert(found[name])
    except ValueError:
        raise BadRequest(f"Prefer: {name}={found[name]}: {wanted} was expected") from None


def _status(text: str) -> int:
    if len(text) != 3 or not text.isdecimal() or not 100 <= int(text) <= 599:
        raise ValueError(text)
    return int(text)


def _flag(text: str) -> bool:
    # RFC 7240, 2: a preference without a value is one with an empty value.
    flags = {"": True, "true": True, "1": True, "false": False, "0": False}
    if text.lower() not in flags:
        raise ValueError(text)
    return flags[text.lower()]


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError(text)
    return seconds
