"""Asks pip-audit for known vulnerabilities of the versions in a constraints file.

    python tools/audit.py /path/to/pip-audit constraints.txt

Ends with 1 where there is a vulnerability, and with 0 where there is none, or where the databases cannot be asked,
which it says: a machine without a way out must not fail for that.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Final

# Both have the advisories of PyPI; either may be out of reach.
SERVICES: Final = ("pypi", "osv")
SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """A version with a known vulnerability, and the versions in which it is mended."""

    package: str
    id: str
    mended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a service told: how many packages it knew, those it did not, and what it found."""

    known: int
    skipped: tuple[str, ...]
    findings: tuple[Finding, ...]


def report_of(told: Any) -> Report:
    """Return what pip-audit's JSON tells."""
    rows = told["dependencies"]
    skipped = tuple(row["name"] for row in rows if "skip_reason" in row)
    findings = tuple(
        Finding(f"{row['name']} {row['version']}", each["id"], tuple(each["fix_versions"]))
        for row in rows
        for each in row.get("vulns", ())
    )
    return Report(len(rows) - len(skipped), skipped, findings)


def text_of(report: Report | None) -> str:
    """Return what is to be read of a report; None is one that no service gave."""
    if report is None or not report.known:
        return "NOT AUDITED: no database of vulnerabilities can be asked from here. Nothing is known of any package."
    lines = [
        f"{each.package}: {each.id}, mended in {' '.join(each.mended) or 'no release'}" for each in report.findings
    ]
    told = "vulnerability" if len(lines) == 1 else "vulnerabilities"
    lines.append(f"{report.known} packages audited, {len(lines) or 'no'} known {told}.")
    if report.skipped:
        lines.append(f"NOT AUDITED, as the database does not know them: {', '.join(report.skipped)}.")
    return "\n".join(lines)


def ask(command: str, constraints: str, service: str) -> Report | None:
    """Return what a service tells of a constraints file, None where it cannot be asked."""
    options = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off", "-s", service)
    line = [command, "-r", constraints, *options]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603  ours
        return report_of(json.loads(done.stdout))
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


def main(command: str, constraints: str) -> int:
    """Audit, print what was found, and return the exit code."""
    reports = (ask(command, constraints, service) for service in SERVICES)
    report = next((each for each in reports if each is not None and each.known), None)
    print(text_of(report))
    return 1 if report is not None and report.findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
