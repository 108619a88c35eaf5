"""Schemathesis against a served emulator: every check, every phase.

`make fuzz` takes the contract and the control API; `python tests/fuzz.py FILE…` takes other OpenAPI files, served with
`--spec`. EXAMPLES=500 looks longer. Exits with Schemathesis' own code.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from xpander_emulator.common import resources
from xpander_emulator.common.yaml_document import read_document
from xpander_emulator.scenario.load import built_in_scenarios
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

EXAMPLES = os.environ.get("EXAMPLES", "30")
KEY = "fuzz"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))

# One key is welcome, since the check for authentication sends another one and wants it refused.
SETTINGS = Settings(port=0, clock="auto", api_keys=((KEY, None),), log_level="error")
WITH_KEY = ["--header", f"x-api-key: {KEY}"]

# What each run needs beside what all of them have; an exemption stands here with its reason.
CONTRACTS = {
    resources.CONTRACT: [
        *WITH_KEY,
        # A story that waits for somebody while it executes keeps a sync call for 10 s where the clock stands.
        "--max-response-time", "15",
        # A stream stays open for as long as its task waits for somebody.
        "--exclude-operation-id", "invokeWorkflowStream", "--exclude-operation-id", "invokeAgentStream",
        "--exclude-operation-id", "sdkStreamEvents",
    ],
    # No key: with one, `?namespace=` may only name that key's own. And what no schema can say is refused with 400 and
    # a sentence that says what would be right: a text that is not a length of time, a scale without mode `scaled`.
    # Events are told without end. Of a whole namespace, several generated bodies are larger than any that is taken, and
    # take minutes to make; tests/web/control/test_export.py feeds it wrong files.
    resources.CONTROL_CONTRACT: [
        "--exclude-checks", "positive_data_acceptance", "--exclude-operation-id", "followEvents",
        "--exclude-operation-id", "importNamespace",
    ],
}  # fmt: skip


def fuzz(contract: Path, url: str, more: Sequence[str]) -> int:
    """Return Schemathesis' exit code."""
    command = [
        SCHEMATHESIS, "run", str(contract), "--url", url,
        "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
        "--max-examples", EXAMPLES, "--seed", "1", "--generation-database", "none", *more,
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode


def fuzz_ours() -> int:
    """Return the worst exit code over the contract and the control API."""
    with stories_without_faults() as folder, ThreadedServer(replace(SETTINGS, scenarios=(folder,))) as server:
        return max(fuzz(contract, server.base_url, more) for contract, more in CONTRACTS.items())


@contextmanager
def stories_without_faults() -> Iterator[Path]:
    """Give a folder that replaces the built-in stories which answer wrongly on purpose."""
    with tempfile.TemporaryDirectory() as folder:
        for story in built_in_scenarios():
            if story.timeline.goes_wrong:
                text = f"scenario: {story.name}\nsteps: [{{status: completed}}]\n"
                Path(folder, f"{story.name}.yaml").write_text(text, encoding="utf-8")
        yield Path(folder)


def fuzz_theirs(spec: Path) -> int:
    """Return the exit code for a file that is served with `--spec`."""
    with stories_without_faults() as folder:
        settings = replace(SETTINGS, spec=spec, scenarios=(folder,))
        with ThreadedServer(settings) as server, declaring_refusals(spec) as contract:
            return fuzz(contract, server.base_url, WITH_KEY)


# What a file may forget to declare, as many do.
FORGOTTEN = {
    "401": "No credential, or a wrong one.",
    "404": "There is no such task, workflow or agent.",
    "409": "The task does not wait for this, or its id is taken.",
}


@contextmanager
def declaring_refusals(spec: Path) -> Iterator[Path]:
    """Give a copy of the file in which every operation declares the refusals that no server can do without.

    Schemathesis sends a request without the credential, or for a task that was deleted, wants it refused, and calls a
    refusal a failure where the file does not declare it: one of its checks or the other fails, whatever is answered.
    """
    document = read_document(spec).value
    for path in document["paths"].values():
        operations: list[dict[str, Any]] = [path[method] for method in METHODS if method in path]
        for operation in operations:
            for code, description in FORGOTTEN.items():
                operation["responses"].setdefault(code, {"description": description})
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "contract.json")
        copy.write_text(json.dumps(document), encoding="utf-8")
        yield copy


if __name__ == "__main__":
    files = [Path(name) for name in sys.argv[1:]]
    sys.exit(max(map(fuzz_theirs, files)) if files else fuzz_ours())
