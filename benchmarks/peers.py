"""Requests a second of the emulator and of its peers, in one run, over one contract.

Each server has one core, the load generator (wrk) the other one, and all take turns, so that the ratios of one run can
be trusted. `make peers` installs the peers (npm, pip) into `.peers/` and runs this; it needs `wrk`, Node and Java.

Everybody serves the same two operations. What each one does for a request differs, and stands in benchmarks/README.md:
the emulator validates request and answer, keeps a journal, and every task has a state of its own.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from requests import BIN, BODY, HERE, SERVER_CORE, Sample, Server, load, reset, start, start_a_task
from startup import free_port

from xpander_emulator.common import resources
from xpander_emulator.common.yaml_document import read_document

PEERS = Path(os.environ.get("PEERS", ".peers")).resolve()
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = int(os.environ.get("SECONDS_EACH", "2"))
CONNECTIONS = (1, 16, 64)
POST = "/v1/workflows/completed/invoke/async"
GET = "/v1/tasks/8f14e45f-ceea-467f-a8a5-000000000000"
OPERATIONS = {"/v1/workflows/{workflow_id}/invoke/async": "post", "/v1/tasks/{task_id}": "get"}
Json = Any


def in_3_0(contract: Json) -> Json:
    """Return the two operations as OpenAPI 3.0.3, which every peer reads; `null` becomes `nullable`."""
    paths = {path: {method: contract["paths"][path][method]} for path, method in OPERATIONS.items()}
    for operations in paths.values():
        for operation in operations.values():
            operation["responses"] = {"200": operation["responses"]["200"]}
    whole = {"paths": paths, "components": contract["components"]}
    reached = dict(_reached(whole, paths))
    components: dict[str, dict[str, Json]] = {}
    for (kind, name), part in reached.items():
        components.setdefault(kind, {})[name] = part
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Task API", "version": "1"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    }
    return _old(document, contract["components"]["schemas"])


def _reached(whole: Json, value: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    waiting, seen = [value], set[tuple[str, str]]()
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            reference = found.get("$ref")
            if isinstance(reference, str):
                kind, name = reference.split("/")[-2:]
                if (kind, name) not in seen:
                    seen.add((kind, name))
                    part = whole["components"][kind][name]
                    yield (kind, name), part
                    waiting.append(part)
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def _old(value: Json, schemas: Mapping[str, Json]) -> Json:
    if isinstance(value, list):
        return [_old(item, schemas) for item in value]
    if not isinstance(value, Mapping):
        return value
    changed = {name: _old(item, schemas) for name, item in value.items() if not name.startswith("x-")}
    branches = [branch for branch in value.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) == 1 and len(value.get("anyOf", ())) == 2:
        del changed["anyOf"]
        # In 3.0 only what stands beside its own type can be null, so a reference is told out.
        changed |= _old(schemas[branches[0]["$ref"].split("/")[-1]] if "$ref" in branches[0] else branches[0], schemas)
        changed["nullable"] = True
    if isinstance(value.get("type"), list):
        changed["type"] = next(kind for kind in value["type"] if kind != "null")
        changed["nullable"] = "null" in value["type"]
    if "const" in changed:
        changed["enum"] = [changed.pop("const")]
    return changed


def stubs(folder: Path, example: Json) -> None:
    """Write what WireMock answers: it knows no contract, and is given the task as it stands."""
    (folder / "mappings").mkdir()
    for name, method, pattern in (
        ("post", "POST", "/v1/workflows/[^/]+/invoke/async"),
        ("get", "GET", "/v1/tasks/[^/]+"),
    ):
        stub = {
            "request": {"method": method, "urlPathPattern": pattern, "headers": {"x-api-key": {"matches": ".+"}}},
            "response": {
                "status": 200,
                "headers": {"content-type": "application/json"},
                "body": json.dumps(example, separators=(",", ":")),
            },
        }
        (folder / "mappings" / f"{name}.json").write_text(json.dumps(stub))


def servers(folder: Path) -> dict[str, Callable[[], Server]]:
    """Return how each server is started."""
    contract = read_document(resources.CONTRACT).value
    example = contract["components"]["examples"]["task_pending"]["value"]
    small = folder / "contract.json"
    small.write_text(json.dumps(in_3_0(contract)))
    stubs(folder, example)
    node = PEERS / "node_modules"
    uvicorn = ["-m", "uvicorn", "--no-access-log", "--log-level", "error", "--http", "httptools", "--port"]
    jar = next((node / "wiremock").rglob("*.jar"))

    def on(name: str, command: Callable[[str], list[str]]) -> Callable[[], Server]:
        def run() -> Server:
            port = free_port()
            return start(name, command(str(port)), port, "/v1/workflows" if name == "emulator" else GET)

        return run

    quiet = ["--log-level", "warning"]
    return {
        "raw ASGI": on("raw ASGI", lambda p: [sys.executable, *uvicorn, p, "--app-dir", str(HERE), "raw_app:app"]),
        "emulator": on("emulator", lambda p: [str(BIN / "xpander-emulator"), "serve", "--port", p, *quiet]),
        "WireMock": on(
            "WireMock",
            lambda p: [
                *("java", "-jar", str(jar), "--port", p, "--root-dir", str(folder), "--disable-banner"),
                *("--no-request-journal", "--async-response-enabled", "true"),
            ],
        ),
        "Prism": on(
            "Prism", lambda p: [str(node / ".bin/prism"), "mock", str(small), "--port", p, "--verboseLevel", "silent"]
        ),
        "Mockoon": on(
            "Mockoon",
            lambda p: [
                *(str(node / ".bin/mockoon-cli"), "start", "--data", str(small), "--port", p),
                *("--disable-log-to-file", "--disable-admin-api"),
            ],
        ),
        "Connexion": on(
            "Connexion",
            lambda p: [
                *("env", f"CONTRACT={small}", str(PEERS / "connexion/bin/python"), *uvicorn, p),
                *("--app-dir", str(HERE), "connexion_app:app"),
            ],
        ),
    }


def measure(running: Mapping[str, Server], script: Path, paths: Mapping[str, str], connections: int) -> None:
    """Print one row for each server: its rate, its p99, and its rate as a share of the raw application's."""
    samples: dict[str, list[Sample]] = {name: [] for name in running}
    for name, server in running.items():
        load(server, paths[name], script, 1, connections)
    for _ in range(ROUNDS):
        for name, server in running.items():
            samples[name].append(load(server, paths[name], script, SECONDS, connections))
    for name, taken in samples.items():
        ratios = sorted(ours.per_second / raw.per_second for ours, raw in zip(taken, samples["raw ASGI"], strict=True))
        rate, p99 = (statistics.median(getattr(each, field) for each in taken) for field in ("per_second", "p99_ms"))
        shown = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"| {script.stem.upper()} | {connections} | {name} | {rate:,.0f} | {p99:.1f} | {shown} |", flush=True)


def main() -> None:
    for tool in ("wrk", "java", "node"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed")
    if not (PEERS / "node_modules").is_dir():
        raise SystemExit(f"The peers are not installed in {PEERS}; run: make peers")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        headers = 'wrk.headers["x-api-key"] = "local"\n'
        get, post = folder / "get.lua", folder / "post.lua"
        get.write_text(headers)
        post.write_text(
            f'{headers}wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = \'{BODY}\'\n'
        )
        running: dict[str, Server] = {}
        try:
            for name, begin in servers(folder).items():
                running[name] = begin()
            time.sleep(1)
            print(f"Servers on core {SERVER_CORE}; {ROUNDS} rounds of {SECONDS} s; share of raw ASGI (least to most)\n")
            print("| request | connections | server | requests/s | p99 ms | share of raw ASGI |")
            print("|---|---|---|---|---|---|")
            for connections in CONNECTIONS:
                measure(running, post, dict.fromkeys(running, POST), connections)
                reset(running["emulator"])
                task = f"/v1/tasks/{start_a_task(running['emulator'])}"
                measure(running, get, dict.fromkeys(running, GET) | {"emulator": task}, connections)
            print("\n| server | memory MB |\n|---|---|")
            for name, server in running.items():
                print(f"| {name} | {server.memory_mb():.0f} |")
        finally:
            for server in running.values():
                server.process.terminate()
                server.process.wait()


if __name__ == "__main__":
    main()
