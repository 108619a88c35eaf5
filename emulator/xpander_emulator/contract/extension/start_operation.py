"""The operation that starts a task, and what its request needs."""

from collections.abc import Mapping
from typing import Any, Final

from xpander_emulator.contract.extension.vocabulary import START
from xpander_emulator.contract.model import NOTHING, Contract, MediaType, Operation, is_json, without_names

_INVOKE: Final = "/v1/workflows/{}/invoke/async"


def starting_operation(contract: Contract) -> Operation | None:
    """Return the first operation that starts a task, preferably one that responds at once; None without one."""
    starts = [each for each in contract.operations if each.behaviour.get("action") == START]
    return min(starts, key=lambda each: each.behaviour.get("reply", "accepted") != "accepted", default=None)


def is_xpander(contract: Contract) -> bool:
    """Return whether a contract starts workflows as xpander.ai's does, so that its SDK and examples can be used."""
    return any(without_names(each.path) == _INVOKE for each in contract.operations)


def request_schema(contract: Contract) -> str | None:
    """Return the pointer of the schema of the JSON that starts a task, or None."""
    media = _media(contract)
    return None if media is None else media.schema_pointer


def example_request(contract: Contract) -> Mapping[str, Any]:
    """Return the contract's first example of a body that starts a task; an empty one without any."""
    media = _media(contract)
    first: Any = next(iter(media.examples.values()), None) if media else None
    return first if isinstance(first, Mapping) else NOTHING


def _media(contract: Contract) -> MediaType | None:
    operation = starting_operation(contract)
    content = operation.body.content if operation and operation.body else {}
    return next((media for name, media in content.items() if is_json(name)), None)
