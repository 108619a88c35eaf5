"""The example on the SDK: its own tests pass over a bug, every path of the story finds it."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
MEND = ("BROKEN = (", "BROKEN = (AgentExecutionStatus.Stopped, ")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-c", str(EXAMPLES / "pytest.ini"), "-p", "no:cacheprovider", "-rf"]
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=50)
    return done.returncode, done.stdout


def failed(told: str) -> list[str]:
    return sorted(re.findall(r"^FAILED \S+\[(\S+)\]", told, re.MULTILINE))


def test_a_consumer_whose_tests_never_reject_passes_them() -> None:
    code, told = run(EXAMPLES / "sdk", "test_payouts.py")

    assert code == 0, told
    assert "2 passed" in told


def test_every_path_finds_that_it_pays_out_what_was_rejected() -> None:
    code, told = run(EXAMPLES / "sdk", "test_payouts_on_every_path.py")

    assert code == 1, told
    assert failed(told) == ["approval-reject", "stop-while-executing", "stop-while-paused", "stop-while-pending"]
    assert "Failed: DID NOT RAISE PayoutFailed" in told


def test_once_it_knows_of_rejections_nothing_is_found(tmp_path: Path) -> None:
    for file in (EXAMPLES / "sdk").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(text.replace(*MEND), encoding="utf-8")

    code, told = run(tmp_path)

    assert code == 0, told
    assert "8 passed" in told
