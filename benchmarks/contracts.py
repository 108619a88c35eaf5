"""How long an OpenAPI file takes until it is served, and what finding an operation costs, by the number of operations.

The files are generated. Prints the median, the least and the most of some runs. `make bench`.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xpander_emulator.common.types import Headers
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.errors import EmulatorError
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app
from xpander_emulator.web.routes import OperationRoutes

SIZES = (33, 2_000)
RUNS = 5
LOOKUPS = 20_000


def contract_file(operations: int) -> dict[str, Any]:
    """Return an OpenAPI file: per path a GET and a POST, with parameters, a body and a schema of their own."""
    paths = {f"/v1/area{n // 20}/things{n}/{{id}}": path_item(n) for n in range((operations + 1) // 2)}
    if operations % 2:
        del next(reversed(paths.values()))["post"]
    schemas = {f"Thing{n}": schema(n) for n in range(len(paths))}
    info = {"title": "Generated", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def path_item(number: int) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/Thing{number}"}}}
    responses = {"200": {"description": "Done.", "content": content}}
    query = [{"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}}]
    return {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {"operationId": f"get{number}", "parameters": query, "responses": responses},
        "post": {"operationId": f"post{number}", "requestBody": {"content": content}, "responses": responses},
    }


def schema(number: int) -> dict[str, Any]:
    properties = {
        "id": {"type": "string", "format": "uuid"},
        "name": {"type": "string", "minLength": 1, "maxLength": 80},
        "state": {"enum": ["new", "done"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "next": {"$ref": f"#/components/schemas/Thing{number}"},
    }
    return {"type": "object", "required": ["id", "name"], "properties": properties}


def ready(path: Path) -> float:
    """Return in how many ms a file is an application that can answer."""
    began = time.perf_counter()
    create_app(Settings(spec=path))
    return (time.perf_counter() - began) * 1e3


def routing(path: Path) -> Callable[[], float]:
    """Return a run that tells how many µs it takes to find an operation, on average over all of the file."""
    contract = load_contract(path, check_schemas=False)
    routes = OperationRoutes(contract, lambda operation: nobody, refuse)
    requests = [(each.method, each.path.replace("{id}", "a1")) for each in contract.operations]
    requests = (requests * (LOOKUPS // len(requests) + 1))[:LOOKUPS]

    def run() -> float:
        began = time.perf_counter()
        for method, path in requests:
            routes._find(method, path)  # noqa: SLF001  without its cache
        return (time.perf_counter() - began) * 1e6 / LOOKUPS

    return run


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing: only the way to an operation is measured."""


async def refuse(scope: Any, receive: Any, send: Any, error: EmulatorError, headers: Headers) -> None:
    """Refuse nothing: every path that is looked for is there."""


def measure(name: str, digits: int, run: Callable[[], float]) -> None:
    run()
    taken = sorted(run() for _ in range(RUNS))
    shown = " | ".join(f"{each:,.{digits}f}" for each in (statistics.median(taken), taken[0], taken[-1]))
    print(f"| {name} | {shown} |")


def main() -> None:
    print(f"| {RUNS} runs | median | least | most |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}.json"
            path.write_text(json.dumps(contract_file(size), indent=1), encoding="utf-8")
            measure(f"{size:,} operations: ready, ms", 0, lambda path=path: ready(path))  # type: ignore[misc]
            measure(f"{size:,} operations: routing, µs", 2, routing(path))


if __name__ == "__main__":
    main()
