"""Loading an OpenAPI 3.0 or 3.1 file: the result is a Contract, or every mistake at file:line:col."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from xpander_emulator.common.yaml_document import Document, read_document
from xpander_emulator.contract.extension.checks import behaviour_diagnostics
from xpander_emulator.contract.model import Contract, Operation
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
    """Return the contract in an OpenAPI file. Raises InvalidFiles with every mistake.

    name:             of the file in messages.
    check_schemas:    whether schemas are validated, the slowest part of loading, and warnings are given.
    check_behaviours: whether `x-emulator` is checked; the control API has a vocabulary of its own.
    """
    document = read_document(path, name)
    return read_contract(document, path, check_schemas=check_schemas, check_behaviours=check_behaviours)


def read_contract(
    document: Document, path: Path | None = None, *, check_schemas: bool = True, check_behaviours: bool = True
) -> Contract:
    """Return the contract in a parsed file. Raises InvalidFiles with every mistake.

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
    broken = checks.reference_mistakes(document, sites)
    diagnostics += [each for each in broken if _place(each) not in bundle.reported]
    diagnostics += checks.circle_mistakes(document, sites)
    reader = OperationReader(document)
    operations = reader.operations()
    diagnostics += reader.diagnostics
    if check_behaviours:
        diagnostics += behaviour_diagnostics(document, operations)
    if check_schemas:
        # A value that is no schema at all has been reported; the metaschema would report it in other words.
        reported = {_place(diagnostic) for diagnostic in diagnostics}
        diagnostics += [each for each in checks.schema_mistakes(document, sites) if _place(each) not in reported]
    if diagnostics:
        # A shared parameter is read by each operation that uses it; its mistake is reported once.
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
    """Return the OpenAPI document of a contract as it is served: one file of 3.1, with this server alone."""
    document = contract.document
    paths = {path: _without_servers(item) for path, item in document.get("paths", {}).items()}
    # OpenAPI 3.1, 4.8.5: a relative URL is that of the server that sent the document.
    servers = [{"url": _base_path(document.get("servers")) or "/", "description": "The emulator"}]
    # The schemas of a 3.0 file have been upgraded.
    version = document["openapi"] if str(document.get("openapi")).startswith("3.1") else "3.1.0"
    return {**document, "openapi": version, "servers": servers, "paths": paths}


def _without_servers(item: Any) -> Any:
    """Return a path item without `servers`, its own and those of its operations."""
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
    url = re.sub(r"\{([^{}]*)\}", lambda match: str(first["variables"][match[1]]["default"]), first["url"])
    return urlsplit(url).path.rstrip("/")


def routing_order(contract: Contract) -> tuple[Operation, ...]:
    """Return the operations in the order in which they are matched: literal segments before templated ones."""
    return tuple(sorted(contract.operations, key=lambda each: [*map(_looseness, each.path.split("/"))]))


def _looseness(segment: str) -> int:
    """Return how many paths a segment matches: 0 for a literal, 1 for one with a literal part, 2 for a parameter."""
    if "{" not in segment:
        return 0
    return 2 if segment.startswith("{") and segment.endswith("}") and segment.count("{") == 1 else 1
