"""Only a ready file is ever replaced or removed, whichever path is named."""

import json
import os
from pathlib import Path

import pytest

from xpander_emulator.server.ready_file import BadReadyFile, ready_file

URL = "http://127.0.0.1:4020"
OTHERS = '{"url": "http://127.0.0.1:4021", "pid": 1}\n'


def test_the_file_says_where_and_who_and_is_gone_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"

    with ready_file(path) as write:
        assert not path.exists()
        write(URL)
        said = json.loads(path.read_text())
        assert [each.name for each in tmp_path.iterdir()] == ["ready.json"]

    assert said == {"url": URL, "pid": os.getpid()}
    assert list(tmp_path.iterdir()) == []


def test_without_a_path_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with ready_file(None) as write:
        write(URL)

    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_server_left_is_removed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text(OTHERS)

    with ready_file(path) as write:
        assert not path.exists()
        write(URL)
        assert json.loads(path.read_text())["url"] == URL


def test_an_empty_file_such_as_mktemp_makes_stays_until_the_server_answers(tmp_path: Path) -> None:
    path = tmp_path / "tmp.X1"
    path.touch()

    with ready_file(path) as write:
        assert path.read_text() == ""
        write(URL)
        assert json.loads(path.read_text())["url"] == URL

    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        "important: yes\n",
        "\n",
        "{",
        "[]",
        "{}",
        '{"url": "http://x"}',
        '{"url": "http://x", "pid": 1, "more": 2}',
        '{"url": 7, "pid": 1}',
        '{"url": "http://x", "pid": "1"}',
        '{"url": "http://x", "pid": true}',
        '{"url": "http://x", "pid": 1}' + " " * 5_000,
        "[" * 4_000,
        "\xff",
    ],
)
def test_a_file_of_something_else_is_refused_and_stays_as_it_is(content: str, tmp_path: Path) -> None:
    path = tmp_path / "precious.yaml"
    path.write_text(content, encoding="latin-1")

    with pytest.raises(BadReadyFile) as refused, ready_file(path):
        pass

    assert refused.value.message == (
        f"The ready file {path} is not a ready file, but a file of {len(content):,} bytes. Only a ready file of an "
        "earlier server, or an empty file, is replaced; choose another path."
    )
    assert path.read_text(encoding="latin-1") == content


@pytest.mark.parametrize("target", ["ready.json", "nowhere"])
def test_a_link_is_refused_even_to_a_ready_file(target: str, tmp_path: Path) -> None:
    (tmp_path / "ready.json").write_text(OTHERS)
    path = tmp_path / "link.json"
    path.symlink_to(target)

    with pytest.raises(BadReadyFile, match=r"link\.json is a symbolic link\. Only a ready file"), ready_file(path):
        pass

    assert path.is_symlink()
    assert (tmp_path / "ready.json").read_text() == OTHERS


def test_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    for name, kind in (("folder", "a folder"), ("pipe", "no regular file")):
        with (
            pytest.raises(BadReadyFile, match=f"{name} is {kind}\\. Only a ready file"),
            ready_file(tmp_path / name),
        ):
            pass

    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "pipe"]


def test_a_file_that_has_appeared_since_the_start_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"

    with ready_file(path) as write:
        path.write_text("important: yes\n")
        with pytest.raises(BadReadyFile, match="is not a ready file, but a file of 15 bytes"):
            write(URL)

    assert path.read_text() == "important: yes\n"


@pytest.mark.parametrize("content", [OTHERS, "important: yes\n", ""])
def test_at_the_end_only_the_file_of_this_process_is_removed(content: str, tmp_path: Path) -> None:
    path = tmp_path / "ready.json"

    with ready_file(path) as write:
        write(URL)
        path.write_text(content)

    assert path.read_text() == content


def test_a_link_that_has_taken_its_place_is_not_removed(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "ready.json", tmp_path / "elsewhere.json"

    with ready_file(path) as write:
        write(URL)
        path.rename(elsewhere)
        path.symlink_to(elsewhere)

    assert path.is_symlink()
    assert elsewhere.exists()


def test_a_folder_that_is_not_there_is_named_before_anything_is_done(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "ready.json"

    with (
        pytest.raises(BadReadyFile, match=r"cannot be written\. Choose one in a folder that exists"),
        ready_file(path),
    ):
        pass


def test_a_file_that_cannot_be_made_is_named_and_nothing_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with (
        pytest.raises(BadReadyFile, match=r"ready\.json cannot be written: No space left on device\."),
        ready_file(tmp_path / "ready.json") as write,
    ):
        write(URL)

    assert list(tmp_path.iterdir()) == []
