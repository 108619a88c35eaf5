"""Values as messages quote them."""

from collections.abc import Mapping
from typing import Any


def describe(value: Any) -> str:
    """Return a value as messages quote it: short and on one line."""
    match value:
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}…'"
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case _:
            return str(value)
