"""What a contract says of requests and of answers, where its schemas tell them apart.

OpenAPI 3.1.1, 4.8.24 (annotations of JSON Schema): a client need not send what is `readOnly`, even where it is
required; an answer never holds what is `writeOnly`.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from xpander_emulator.common import json_pointers
from xpander_emulator.contract.document_objects import walk
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.reader import Branches, SchemaView

Change = Callable[[dict[str, Any], list[str]], None]


def for_requests(contract: Contract) -> Contract:
    """Return the contract as requests are held against it; the same one where it makes no difference."""
    return contract.derived(_for_requests) or contract


def for_answers(contract: Contract) -> Contract:
    """Return the contract as answers are made and checked; the same one where it makes no difference."""
    return contract.derived(_for_answers) or contract


def _for_requests(contract: Contract) -> Contract | None:
    return _changed(contract, "readOnly", _need_not)


def _for_answers(contract: Contract) -> Contract | None:
    return _changed(contract, "writeOnly", _leave_out)


def _changed(contract: Contract, mark: str, change: Change) -> Contract | None:
    """Return the contract with a change to each schema that has properties with a mark; None where none has any."""
    marked = [(site.path, names) for site in walk(contract.document) if (names := _marked(contract, site.value, mark))]
    if not marked:
        return None
    document = deepcopy(dict(contract.document))
    for path, names in marked:
        change(json_pointers.look_up(document, json_pointers.join(*path)), names)
    return replace(contract, document=document)


def _marked(contract: Contract, schema: Any, mark: str) -> list[str]:
    """Return the properties of a schema that carry the mark, themselves or by their reference."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping):
        return []
    return [name for name, each in properties.items() if _has_mark(contract, each, mark)]


def _has_mark(contract: Contract, schema: Any, mark: str) -> bool:
    # What stands beside a reference says more than what it leads to.
    parts = SchemaView(contract.document, schema).parts(Branches.NONE)
    return next((part[mark] is True for part in parts if mark in part), False)


def _need_not(schema: dict[str, Any], names: list[str]) -> None:
    if isinstance(schema.get("required"), list):
        schema["required"] = [name for name in schema["required"] if name not in names]


def _leave_out(schema: dict[str, Any], names: list[str]) -> None:
    _need_not(schema, names)
    schema["properties"] = {name: each for name, each in schema["properties"].items() if name not in names}
