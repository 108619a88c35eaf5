"""No word that is gone comes back: tools/words.toml has the list."""

import tokenize
from pathlib import Path

import pytest

from tools import words

SAMPLE = '''\
"""Tells how a story ends.

Its second line was told.
"""
NotFound = not_found = found = keepAlive = 1
toldTask = {"told": f"the task {found} was kept"}  # where a task is born
'''


@pytest.mark.parametrize("path", words.read_words().clean)
def test_no_word_that_is_gone_stands_in_a_file_that_is_clean(path: str) -> None:
    assert words.files(path), "There is no such file."
    assert words.problems(path) == []


def test_every_exception_is_still_needed() -> None:
    for allowed in words.read_words().allowed:
        assert any(allowed.text in file.read_text(encoding="utf-8") for file in words.files(allowed.path)), allowed


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(words, "ROOT", tmp_path)
    return tmp_path


def test_names_comments_and_texts_of_python_are_looked_at(sample: Path) -> None:
    (sample / "sample.py").write_text(SAMPLE, encoding="utf-8")

    assert [line.partition(" in ")[0] for line in words.problems("sample.py")] == [
        "sample.py:1: 'story'",
        "sample.py:1: 'Tells'",
        "sample.py:3: 'told'",
        "sample.py:5: 'found'",
        "sample.py:6: 'told'",
        *(["sample.py:6: 'found'"] if hasattr(tokenize, "FSTRING_MIDDLE") else []),
        "sample.py:6: 'kept'",
        "sample.py:6: 'born'",
    ]


def test_a_page_is_looked_at_line_by_line_and_what_is_said_is_what_to_write(sample: Path) -> None:
    (sample / "page.md").write_text("# The page\n\nA story that was found.\n", encoding="utf-8")

    assert words.problems("page.md") == ["page.md:3: 'story' in 'A story that was found.'; say scenario"]


def test_what_a_release_said_stays(sample: Path) -> None:
    (sample / "CHANGELOG.md").write_text("## Unreleased\nA story.\n## [0.1.0]\nStories.\n", encoding="utf-8")

    assert words.problems("CHANGELOG.md") == ["CHANGELOG.md:2: 'story' in 'A story.'; say scenario"]


@pytest.mark.parametrize(
    ("name", "split"),
    [("not_found", "not found"), ("NotFound", "not found"), ("HTTPError2", "http error 2"), ("_KEPT", "kept")],
)
def test_a_name_is_split_at_underscores_and_capitals(name: str, split: str) -> None:
    assert words.name_words(name) == split
