"""How a task is started by a contract: by which operation, and what it takes."""

import re
from collections.abc import Mapping
from typing import Any, Final

from xpander_emulator.contract.extension.vocabulary import START
from xpander_emulator.contract.model import Contract, MediaType, Operation, is_json

_INVOKE: Final = "/v1/workflows/{}/invoke/async"
_PARAMETER: Final = re.compile(r"\{[^{}]+\}")


def starting_operation(contract: Contract) -> Operation | None:
    """Return the first operation that starts a task, one that answers at once before others; None without."""
    found = [each for each in contract.operations if each.behaviour.get("action") == START]
    return min(found, key=lambda each: each.behaviour.get("reply", "accepted") != "accepted", default=None)


def is_xpander(contract: Contract) -> bool:
    """Return whether a contract starts workflows as xpander.ai's does, so that its SDK and its examples fit."""
    return any(_PARAMETER.sub("{}", each.path) == _INVOKE for each in contract.operations)


def request_schema(contract: Contract) -> str | None:
    """Return the pointer of the schema that the JSON which starts a task keeps; None where nothing is asked of it."""
    media = _media(contract)
    return None if media is None else media.schema_pointer


def example_request(contract: Contract) -> Mapping[str, Any]:
    """Return the contract's first example of what starts a task; {} without one."""
    media = _media(contract)
    first: Any = next(iter(media.examples.values()), None) if media else None
    return first if isinstance(first, Mapping) else {}


def _media(contract: Contract) -> MediaType | None:
    operation = starting_operation(contract)
    content = operation.body.content if operation and operation.body else {}
    return next((media for name, media in content.items() if is_json(name)), None)
