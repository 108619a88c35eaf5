"""Test suites of a user, written into a folder and run by a pytest of their own.

That pytest loads no plugins of the environment, so that it starts fast, and this plugin even where it is not installed.
"""

import pkgutil
from importlib import import_module
from textwrap import dedent

import pytest

import xpander_emulator

# A pytest run in this process removes the modules that it was the first to import from `sys.modules`. A later import
# then makes other classes of the same names, so that modules which are imported late elsewhere are imported here.
_LATE = (
    "faker",
    "httpcore2",
    "jinja2",
    "jsonschema",
    "jsonschema_rs",
    "referencing.jsonschema",
    "rstr",
)
for _name in (*_LATE, *(each.name for each in pkgutil.walk_packages(xpander_emulator.__path__, "xpander_emulator."))):
    if not _name.endswith("__main__"):
        import_module(_name)

_PLUGIN = ("-p", "xpander_emulator.pytest_plugin")

CONSUMER = """
import httpx2
import pytest


@pytest.fixture
def client(emulator):
    with httpx2.Client(base_url=emulator.base_url, headers={"x-api-key": emulator.api_key}, timeout=10) as client:
        yield client


@pytest.fixture
def start(client):
    def start(workflow="approval"):
        answer = client.post(f"/v1/workflows/{workflow}/invoke/async", json={"input": {"text": "Refund order 1042"}})
        return answer.json()["id"]

    return start
"""


class Suite:
    """One folder of tests."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
        self.folder = pytester.path
        self._pytester = pytester
        pytester.makeconftest(CONSUMER)

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in this process."""
        return self._pytester.runpytest_inprocess("--strict-markers", *_PLUGIN, *arguments)

    def run_apart(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in a process of its own, which may have workers."""
        return self._pytester.runpytest_subprocess("--strict-markers", *_PLUGIN, *arguments, timeout=90)
