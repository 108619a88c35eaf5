"""Checks the types of the test kit's arguments, so that a mistake is reported where it was made."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from xpander_emulator.common import json_codec
from xpander_emulator.errors import BadRequest

_TYPE_TEXTS: Final[Mapping[Any, str]] = {
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
    """An argument has a wrong type."""


def check(name: str, value: object, takes: Any) -> None:
    """Raise WrongType unless a value is of a type: a class, a union, a Literal, a Mapping or a tuple of types."""
    if not _fits(value, takes):
        raise WrongType(f"{name} takes {_type_text(takes)}, found {value!r}.")


def check_count(name: str, value: int, least: int) -> None:
    """Raise WrongType unless a value is a whole number, BadRequest where it is below `least`."""
    check(name, value, int)
    if value < least:
        raise BadRequest(f"{name} is {least} or more, found {value}.")


def check_json(name: str, value: object) -> None:
    """Raise WrongType unless a value is None or a mapping that JSON can hold."""
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


def _type_text(takes: Any) -> str:
    kind, parts = get_origin(takes) or takes, get_args(takes)
    if kind in (Union, UnionType):
        return " or ".join(map(_type_text, parts))
    if kind is Literal:
        return f"one of {', '.join(map(str, parts))}"
    if kind is tuple:
        if parts[1:] == (...,):
            return f"a tuple, each item {_type_text(parts[0])}"
        return f"({', '.join(map(_type_text, parts))})"
    return _TYPE_TEXTS.get(kind, f"a {getattr(kind, '__name__', kind)}")
