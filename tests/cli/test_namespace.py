import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Run
from tests.cli.test_tasks import start
from tests.profiles import examples
from xpander_emulator.cli.namespace import as_text
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ThreadedServer(Settings(port=0, clock="manual", store="sqlite:tasks.db")) as server:
        monkeypatch.setenv("EMULATOR_URL", server.base_url)
        yield server.base_url


def test_a_namespace_goes_through_a_file_unchanged(run: Run, stored: str) -> None:
    first, second = start(stored, "approval", "local"), start(stored, "sub_agents", "local")

    written = run("export", "demo.json")
    imported = run("import", "demo.json", "--namespace", "demo")
    again = run("export", "-", "--namespace", "demo")

    assert (written.exit_code, written.stdout, written.stderr) == (0, "", "Wrote 4 tasks to demo.json.\n")
    assert imported.stdout == "4 tasks in the namespace 'demo'.\n"
    assert again.stdout == Path("demo.json").read_text(encoding="utf-8")
    lines = again.stdout.splitlines()
    assert [lines[0], lines[-1]] == ["{", "}"]
    assert any(line.startswith('{"format": 2, "id": "' + first) for line in lines)
    listed = run("tasks", "list", "--namespace", "demo").stdout
    assert first in listed
    assert second in listed


def test_an_empty_namespace_is_a_file_too(run: Run, stored: str) -> None:
    assert json.loads(run("export", "-").stdout)["tasks"] == []


def test_an_import_over_tasks_is_refused_unless_they_may_be_replaced(run: Run, stored: str) -> None:
    start(stored, "approval", "local")
    run("export", "demo.json")

    refused = run("import", "demo.json")
    assert refused.exit_code == 1
    assert "Error: Namespace 'default' has 1 tasks. Replace them, or import into another one." in refused.stderr
    assert run("import", "demo.json", "--replace").stdout == "1 task in the namespace 'default'.\n"


def test_a_file_that_was_not_exported_is_refused(run: Run, stored: str) -> None:
    Path("text.json").write_text("no JSON")
    Path("other.json").write_text("{}")
    Path("bytes.json").write_bytes(b'{"a": "\xff"}')

    assert (
        "text.json is no file that `export` has written: Expecting value at line 1, column 1, found 'n'."
        in run("import", "text.json").stderr
    )
    assert "bytes.json is not UTF-8: byte 7 is 0xff." in run("import", "bytes.json").stderr
    assert "Field required" in run("import", "other.json").stderr
    assert (
        "nowhere/demo.json cannot be written: No such file or directory." in run("export", "nowhere/demo.json").stderr
    )


def test_an_export_has_one_line_for_each_timeline_and_each_task() -> None:
    document = {
        "format": 2,
        "timelines": {"a": {"name": "é"}, "b": {}},
        "tasks": [{"id": "1"}, {"id": "2"}],
        "faults": [],
    }

    assert as_text(document) == (
        '{\n"format": 2,\n"timelines": {\n"a": {"name": "é"},\n"b": {}\n},\n'
        '"tasks": [\n{"id": "1"},\n{"id": "2"}\n],\n"faults": []\n}\n'
    )


@examples(100)
@given(st.dictionaries(st.text(), st.lists(st.integers()) | st.dictionaries(st.text(), st.integers()) | st.text()))
def test_an_export_is_the_same_document_as_json(document: dict[str, Any]) -> None:
    assert json.loads(as_text(document)) == document


def test_a_reset_prints_its_scopes(run: Run, url: str) -> None:
    assert run("reset", "--scope", "tasks").stdout == "Reset: tasks\n"
    assert run("reset").stdout == "Reset: tasks, journal, clock, pins, faults\n"
    assert run("reset", "--scope", "taks").exit_code == 1
