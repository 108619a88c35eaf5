from pathlib import Path

import pytest

from tools import audit
from tools.audit import Finding, Report, report_of, text_of

CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "idna", "version": "3.6", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.7"], "aliases": []}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI"}


def command(folder: Path, printed: str) -> str:
    """Return a command that prints this, in the place of pip-audit."""
    path = folder / "pip-audit"
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_report_has_what_is_known_what_is_not_and_what_was_found() -> None:
    assert report_of({"dependencies": [CLEAN, BAD, UNKNOWN]}) == Report(
        2, ("ours",), (Finding("idna 3.6", "PYSEC-1", ("3.7",)),)
    )


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([CLEAN, CLEAN], "2 packages audited, no known vulnerabilities."),
        ([BAD], "idna 3.6: PYSEC-1, mended in 3.7\n1 packages audited, 1 known vulnerability."),
        (
            [CLEAN, UNKNOWN],
            "1 packages audited, no known vulnerabilities.\nNOT AUDITED, as the database does not know them: ours.",
        ),
        (
            [UNKNOWN],
            "NOT AUDITED: no database of vulnerabilities can be asked from here. Nothing is known of any package.",
        ),
    ],
)
def test_what_was_audited_and_what_was_not_is_told(rows: list[object], told: str) -> None:
    assert text_of(report_of({"dependencies": rows})) == told


@pytest.mark.parametrize(
    ("printed", "code", "told"),
    [
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X", "fix_versions": []}]}]}',
            1,
            "a 1: X, ",
        ),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "1 packages audited, no known"),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', 0, "NOT AUDITED: no database"),
        ("connection refused", 0, "NOT AUDITED: no database"),
    ],
)
def test_a_finding_fails_and_a_database_out_of_reach_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], printed: str, code: int, told: str
) -> None:
    assert audit.main(command(tmp_path, printed), "constraints.txt") == code
    assert capsys.readouterr().out.startswith(told)


def test_without_pip_audit_it_says_that_nothing_was_audited(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main("/nowhere/pip-audit", "constraints.txt") == 0
    assert capsys.readouterr().out.startswith("NOT AUDITED: no database")
