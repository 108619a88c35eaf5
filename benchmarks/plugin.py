"""What the plugin costs a pytest run that has nothing to do with it. Aim: less than 10 ms.

Prints the median, the least and the most of some runs in milliseconds: the import in a process where pytest is loaded,
and the CPU time of a whole run of one empty test with the plugin and without, which take turns. `make bench`.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

RUNS = 21
ROOT = Path(__file__).resolve().parents[1]
# Bytecode is kept, as on any machine where it is not switched off; no plugin is loaded that is not named.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
}
IMPORT = """
import pytest, time
began = time.perf_counter()
import xpander_emulator.pytest_plugin
print(time.perf_counter() - began)
"""


def importing() -> float:
    done = subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, env=ENVIRONMENT, text=True)
    return float(done.stdout)


def running(folder: Path, *plugin: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def row(name: str, seconds: Sequence[float]) -> None:
    taken = sorted(each * 1000 for each in seconds)
    print(f"| {name} | {statistics.median(taken):.1f} | {taken[0]:.1f} | {taken[-1]:.1f} |")


def measured(run: Callable[[], float], runs: int = RUNS) -> list[float]:
    run()
    return [run() for _ in range(runs)]


def main() -> None:
    print(f"| {RUNS} runs, ms | median | least | most |\n|---|---|---|---|")
    row("`import xpander_emulator.pytest_plugin`", measured(importing))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_foreign.py").write_text("def test_foreign(): pass\n")
        pairs = [(running(folder), running(folder, "-p", "xpander_emulator.pytest_plugin")) for _ in range(RUNS + 1)][
            1:
        ]
    row("pytest with one empty test, CPU", [without for without, _ in pairs])
    row("the same with the plugin, CPU", [with_it for _, with_it in pairs])
    row("difference of each pair", [with_it - without for without, with_it in pairs])


if __name__ == "__main__":
    main()
