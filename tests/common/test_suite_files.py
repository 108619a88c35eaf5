from pathlib import Path

import pytest

from xpander_emulator.common import suite_files
from xpander_emulator.common.suite_files import Files


@pytest.fixture(autouse=True)
def no_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the suite of this run."""
    monkeypatch.setattr(suite_files, "_FINDERS", [])


def test_outside_of_a_suite_there_are_no_files() -> None:
    assert suite_files.files() == Files((), None)


def test_an_inner_suite_has_its_own_files_and_gives_way_to_the_outer_one() -> None:
    outer, inner = Files((Path("outer"),)), Files(spec=Path("inner.yaml"))

    suite_files.begin(lambda: outer)
    suite_files.begin(lambda: inner)
    assert suite_files.files() == inner
    suite_files.end()
    assert suite_files.files() == outer
    suite_files.end()
    assert suite_files.files() == Files()


def test_files_are_looked_up_each_time_and_an_error_is_the_caller_s() -> None:
    def fail() -> Files:
        raise LookupError("emulator_scenarios: no such folder")

    suite_files.begin(fail)

    for _ in range(2):
        with pytest.raises(LookupError, match="no such folder"):
            suite_files.files()
