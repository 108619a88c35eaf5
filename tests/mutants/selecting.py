"""pytest plugins: which lines each test runs, and a run of chosen tests alone."""

import json
import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
from coverage import Coverage


class Recorder:
    """Writes to a file how much CPU time each test takes, and which lines of a folder it runs.

    The file is JSON: `seconds` by test; `lines` by file within the folder and by line, each the tests that run it, the
    empty text among them if it was run outside of any test, as when a test file is imported.
    """

    def __init__(self, folder: Path, target: Path) -> None:
        self._folder = folder
        self._target = target
        self._seconds: dict[str, float] = {}
        self._coverage = Coverage(data_file=None, config_file=False, include=[f"{folder}/*"])
        # Before anything of the package is imported.
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._coverage.switch_context(item.nodeid)
        begun = time.process_time()
        answer = yield
        self._seconds[item.nodeid] = round(time.process_time() - begun, 3)
        return answer

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        lines: dict[str, dict[int, list[str]]] = defaultdict(dict)
        for file in data.measured_files():
            name = Path(file).relative_to(self._folder).as_posix()
            for line, tests in data.contexts_by_lineno(file).items():
                lines[name][line] = sorted(set(tests))
        self._target.write_text(json.dumps({"seconds": self._seconds, "lines": lines}), encoding="utf-8")


class Chosen:
    """Runs these tests alone, in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._places = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self._places]
        items[:] = sorted(chosen, key=lambda item: self._places[item.nodeid])
