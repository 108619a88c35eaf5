"""The contract as requests and as responses are held against it.

OpenAPI 3.1.1, 4.8.24 (annotations of JSON Schema): a client need not send what is `readOnly`, even where it is
required; a response never holds what is `writeOnly`.
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
    """Return the contract in which no `readOnly` property is required; the same one where none is marked."""
    return contract.derived(_for_requests) or contract


def for_responses(contract: Contract) -> Contract:
    """Return the contract without its `writeOnly` properties; the same one where none is marked."""
    return contract.derived(_for_responses) or contract


def _for_requests(contract: Contract) -> Contract | None:
    return _changed(contract, "readOnly", _make_optional)


def _for_responses(contract: Contract) -> Contract | None:
    return _changed(contract, "writeOnly", _remove)


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
    views = {name: SchemaView(contract.document, each) for name, each in properties.items()}
    return [name for name, view in views.items() if view.keyword(mark, Branches.NONE) is True]


def _make_optional(schema: dict[str, Any], names: list[str]) -> None:
    if isinstance(schema.get("required"), list):
        schema["required"] = [name for name in schema["required"] if name not in names]


def _remove(schema: dict[str, Any], names: list[str]) -> None:
    _make_optional(schema, names)
    schema["properties"] = {name: each for name, each in schema["properties"].items() if name not in names}
