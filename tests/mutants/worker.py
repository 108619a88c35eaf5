"""Runs the tests of one mutant after another, each time in a fork of a process that has imported all but the package.

    python -m tests.mutants.worker

A JSON object a line comes in: `files` of tests; `tests`, which of them in which order, or null for all; `most`, after
how many seconds of CPU time the run is stopped, or null; `record`, a folder for which it is recorded which tests run
which lines, or null. A JSON object a line goes out: `outcome`, `seconds` of CPU time, the end of what pytest `printed`,
and what was `recorded`. The outcome is `passed`, `failed`, or `endless` for a run that was stopped, or that had one
test which did not end within `WAIT_SECONDS` of real time.
"""

import json
import os
import resource
import signal
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from tests.mutants import selecting

# Ten times what a single test takes.
WAIT_SECONDS: Final = 30
MOST_BYTES: Final = 3 * 1024**3
_TIMEOUT_PRINTED: Final = "+ Timeout +"
_TAIL: Final = 4_000
# What takes long to import, and nothing of which knows of the package.
PRELOADED: Final = (
    "hypothesis.stateful", "faker", "jsonschema", "jsonschema_rs", "starlette.applications", "httpx2", "yaml",
    "jinja2.sandbox", "anyio", "orjson", "rstr", "regex", "uvicorn", "redis.asyncio", "sqlite3",
)  # fmt: skip
ARGUMENTS: Final = (
    "-x", "-q", "-p", "no:randomly", "-p", "no:schemathesis", "-p", "no:xdist", "-p", "tests.mutants.few_examples",
    f"--timeout={WAIT_SECONDS}", "--timeout-method=thread",
    # Hypothesis and anyio are imported before pytest could rewrite them, which it warns of.
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run pytest in a fork, and return how that went."""
    with tempfile.TemporaryDirectory() as folder:
        printed, recorded = Path(folder, "printed"), Path(folder, "recorded")
        child = os.fork()
        if child == 0:
            _become_pytest(request, printed, recorded)
        _, status, used = os.wait4(child, 0)
        # Servers that the tests have started end with them.
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        text = printed.read_text(encoding="utf-8", errors="replace")
        return {
            "outcome": _outcome(status, text),
            "seconds": round(used.ru_utime + used.ru_stime, 2),
            "printed": text[-_TAIL:],
            "recorded": json.loads(recorded.read_text(encoding="utf-8")) if recorded.exists() else None,
        }


def _outcome(status: int, text: str) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "endless"
    if _TIMEOUT_PRINTED in text:
        return "endless"
    return "passed" if status == 0 else "failed"


def _become_pytest(request: dict[str, Any], printed: Path, recorded: Path) -> None:
    os.setsid()
    with printed.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if (most := request["most"]) is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    code = 3
    try:
        plugins: list[object] = [selecting.Chosen(request["tests"])] if request["tests"] is not None else []
        if request["record"] is not None:
            plugins.append(selecting.Recorder(Path(request["record"]), recorded))
        code = pytest.main([*ARGUMENTS, *request["files"]], plugins)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    for name in PRELOADED:
        import_module(name)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
