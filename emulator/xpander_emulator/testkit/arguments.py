"""What the test kit is given, held against the type that it takes: a slip is told where it is made."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from xpander_emulator.common import json_codec
from xpander_emulator.errors import BadRequest

_WORDS: Final[Mapping[Any, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    Path: "a pathlib.Path",
    datetime: "a datetime",
    Mapping: "a mapping",
    NoneType: "None",
}


class WrongType(BadRequest, TypeError):
    """An argument of a type that is not taken."""


def check(name: str, value: object, takes: Any) -> None:
    """Raise WrongType unless a value is of a type: a class, a union, a Literal, a Mapping, a tuple of types."""
    if not _fits(value, takes):
        raise WrongType(f"{name} takes {_worded(takes)}, found {value!r}.")


def check_count(name: str, value: int, least: int) -> None:
    """Raise WrongType for what is no whole number, BadRequest for one below the least."""
    check(name, value, int)
    if value < least:
        raise BadRequest(f"{name} is {least} or more, found {value}.")


def check_json(name: str, value: object) -> None:
    """Raise WrongType for what is no mapping that can be sent as JSON; None is none."""
    check(name, value, Mapping | None)
    try:
        json_codec.dumps(value)
    except TypeError as error:
        raise WrongType(f"{name} takes what JSON can hold: {error}.") from None


def _fits(value: object, takes: Any) -> bool:
    kind, parts = get_origin(takes) or takes, get_args(takes)
    if kind in (Union, UnionType):
        return any(_fits(value, each) for each in parts)
    if kind is Literal:
        return value in parts
    if kind is tuple:
        return isinstance(value, tuple) and _are_parts(value, parts)
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    return kind is Any or isinstance(value, kind)


def _are_parts(value: tuple[object, ...], parts: tuple[Any, ...]) -> bool:
    if parts[1:] == (...,):
        return all(_fits(each, parts[0]) for each in value)
    return len(value) == len(parts) and all(map(_fits, value, parts))


def _worded(takes: Any) -> str:
    kind, parts = get_origin(takes) or takes, get_args(takes)
    if kind in (Union, UnionType):
        return " or ".join(map(_worded, parts))
    if kind is Literal:
        return f"one of {', '.join(map(str, parts))}"
    if kind is tuple:
        inner = parts[:1] if parts[1:] == (...,) else parts
        return f"a tuple, each item {_worded(inner[0])}" if len(inner) == 1 else f"({', '.join(map(_worded, inner))})"
    return _WORDS.get(kind, f"a {getattr(kind, '__name__', kind)}")
