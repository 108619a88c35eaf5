"""Loading an OpenAPI 3.0 or 3.1 file: it comes out as a Contract, or with every fault at file:line:col."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from xpander_emulator.common.yaml_document import Document, read_document
from xpander_emulator.contract.extension.checks import behaviour_diagnostics
from xpander_emulator.contract.model import (
    Contract,
    Operation,
)
from xpander_emulator.contract.openapi import checks
from xpander_emulator.contract.openapi.bundle import bundled
from xpander_emulator.contract.openapi.example_checks import broken_examples
from xpander_emulator.contract.openapi.operations import OperationReader
from xpander_emulator.contract.openapi.upgrade import upgraded
from xpander_emulator.contract.openapi.warnings import warnings
from xpander_emulator.errors import Diagnostic, InvalidFiles


def load_contract(
    path: Path, name: str | None = None, *, check_schemas: bool = True, check_behaviours: bool = True
) -> Contract:
    """Read an OpenAPI file; `name` is how messages call it. Raises InvalidFiles with every fault.

    check_schemas:    whether schemas are held against the metaschema, the slowest part of loading, and doubts are told.
    check_behaviours: whether `x-emulator` is held against its vocabulary; the control API has one of its own.
    """
    document = read_document(path, name)
    return read_contract(document, path, check_schemas=check_schemas, check_behaviours=check_behaviours)


def read_contract(
    document: Document, path: Path | None = None, *, check_schemas: bool = True, check_behaviours: bool = True
) -> Contract:
    """Return the contract that a parsed file holds. Raises InvalidFiles with every fault.

    path: of the file, from whose folder references to other files are followed.
    """
    diagnostics = list(checks.version_mistakes(document))
    if diagnostics:
        raise InvalidFiles(diagnostics)
    bundle = upgraded(bundled(document, path))
    document, sites = bundle.document, list(bundle.sites())
    diagnostics += bundle.diagnostics
    diagnostics += checks.top_mistakes(document)
    diagnostics += checks.server_mistakes(document)
    diagnostics += checks.shape_mistakes(document, sites)
    diagnostics += [each for each in checks.reference_mistakes(document, sites) if _place(each) not in bundle.told]
    diagnostics += checks.circle_mistakes(document, sites)
    reader = OperationReader(document)
    operations = reader.operations()
    diagnostics += reader.diagnostics
    if check_behaviours:
        diagnostics += behaviour_diagnostics(document, operations)
    if check_schemas:
        # What is no schema at all has been told already, and the metaschema would tell it again in other words.
        told = {_place(diagnostic) for diagnostic in diagnostics}
        diagnostics += [each for each in checks.schema_mistakes(document, sites) if _place(each) not in told]
    if diagnostics:
        # A shared parameter is read by each operation that uses it; its fault is told once.
        raise InvalidFiles(list(dict.fromkeys(diagnostics)))
    info = document.value["info"]
    base = _base_path(document.value.get("servers"))
    placed = tuple(replace(operation, path=base + operation.path) for operation in operations) if base else operations
    contract = Contract(document.value, document.file, info["title"], info["version"], placed)
    if not check_schemas:
        return contract
    doubtful = (*warnings(document, sites, operations), *broken_examples(document, sites, contract))
    return replace(contract, warnings=tuple(sorted(doubtful)))


def _place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    return diagnostic.file, diagnostic.line, diagnostic.column


def served_document(contract: Contract) -> dict[str, Any]:
    """Return the OpenAPI document of a contract as it is served: in one piece, as 3.1, and at this server alone."""
    document = contract.document
    paths = {path: _without_servers(item) for path, item in document.get("paths", {}).items()}
    # A relative address is that of the server which the document came from (OpenAPI 3.1, 4.8.5).
    servers = [{"url": _base_path(document.get("servers")) or "/", "description": "The emulator"}]
    # The schemas of a 3.0 file are in the words of 3.1 by now.
    version = document["openapi"] if str(document.get("openapi")).startswith("3.1") else "3.1.0"
    return {**document, "openapi": version, "servers": servers, "paths": paths}


def _without_servers(item: Any) -> Any:
    """Return a path item that names no servers, nor does any of its operations."""
    if not isinstance(item, Mapping):
        return item
    return {
        key: _without_servers(value) if isinstance(value, Mapping) else value
        for key, value in item.items()
        if key != "servers"
    }


def _base_path(servers: Any) -> str:
    """Return the path of the first server, its variables at their defaults; "" for the root."""
    if not servers:
        return ""
    first = servers[0]
    url = re.sub(r"\{([^{}]*)\}", lambda found: str(first["variables"][found[1]]["default"]), first["url"])
    return urlsplit(url).path.rstrip("/")


def routing_order(contract: Contract) -> tuple[Operation, ...]:
    """Return the operations so that the first match is the right one: literal segments before templated ones."""
    return tuple(sorted(contract.operations, key=_generality))


def _generality(operation: Operation) -> tuple[int, ...]:
    return tuple(_looseness(segment) for segment in operation.path.split("/"))


def _looseness(segment: str) -> int:
    if "{" not in segment:
        return 0
    return 2 if segment.startswith("{") and segment.endswith("}") and segment.count("{") == 1 else 1
