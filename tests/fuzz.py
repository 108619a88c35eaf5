"""Schemathesis against a served emulator: every check, every phase, the contract and the control API.

`make fuzz`; EXAMPLES=500 looks longer. Exits with Schemathesis' own code.
"""

import os
import subprocess
import sys
from pathlib import Path

from emulator import embedded
from emulator.server import ThreadedServer
from emulator.settings import Settings

EXAMPLES = os.environ.get("EXAMPLES", "30")
KEY = "fuzz"
SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))

# One key is welcome, since the check for authentication sends another one and wants it refused.
SETTINGS = Settings(port=0, clock="auto", api_keys=((KEY, None),), log_level="error")

# What each run needs beside what all of them have; an exemption stands here with its reason.
CONTRACTS = {
    embedded.CONTRACT: [
        "--header", f"x-api-key: {KEY}",
        # A story that waits for somebody while it executes keeps a sync call for 10 s where the clock stands.
        "--max-response-time", "15",
        # A stream stays open for as long as its task waits for somebody.
        "--exclude-operation-id", "invokeWorkflowStream", "--exclude-operation-id", "invokeAgentStream",
        "--exclude-operation-id", "sdkStreamEvents",
    ],
    # No key: with one, `?namespace=` may only name that key's own. And what no schema can say is refused with 400 and
    # a sentence that says what would be right: a text that is no length of time, a scale without mode `scaled`.
    embedded.CONTROL_CONTRACT: ["--exclude-checks", "positive_data_acceptance"],
}  # fmt: skip


def fuzz(contract: Path, url: str) -> int:
    """Return Schemathesis' exit code."""
    command = [
        SCHEMATHESIS, "run", str(contract), "--url", url,
        "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
        "--max-examples", EXAMPLES, "--seed", "1", "--generation-database", "none", *CONTRACTS[contract],
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    with ThreadedServer(SETTINGS) as server:
        codes = [fuzz(contract, server.base_url) for contract in CONTRACTS]
    sys.exit(max(codes))
