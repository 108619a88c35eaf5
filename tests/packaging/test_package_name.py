"""A project may have a package `emulator` of its own."""

import subprocess
import sys
from pathlib import Path

TEST = """
import emulator as own


def test_both(emulator):
    assert own.OWN
    assert emulator.base_url.startswith("http://127.0.0.1:")
"""


def test_pytest_runs_beside_a_package_named_emulator(tmp_path: Path) -> None:
    (tmp_path / "emulator").mkdir()
    (tmp_path / "emulator" / "__init__.py").write_text("OWN = True\n", encoding="utf-8")
    (tmp_path / "test_own.py").write_text(TEST, encoding="utf-8")

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
