import pytest

from tests.store.test_every_store import TURN, task
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.store.codec.facts import task_to_bytes
from xpander_emulator.store.codec.timelines import timeline_to_bytes
from xpander_emulator.store.port import Task
from xpander_emulator.store.task_cache import TaskCache

TEXT = timeline_to_bytes(TURN.timeline)


class Texts:
    """The texts of timelines, and which were read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, digest: str) -> bytes:
        self.read.append(digest)
        return TEXT


def record_of(cache: TaskCache, turn: Turn = TURN) -> bytes:
    return task_to_bytes(Task("a", 0, (turn,)), cache.digests)


def test_a_cached_task_is_used_for_an_equal_record_of_its_namespace_alone() -> None:
    cache = TaskCache()
    cache.put("ns", task("a").marked(7), b"record")

    assert cache.has("ns", 7, 0, b"record")
    assert not cache.has("elsewhere", 7, 0, b"record")
    assert not cache.has("ns", 8, 0, b"record")
    assert not cache.has("ns", 7, 1, b"record")
    assert not cache.has("ns", 7, 0, b"another")


def test_an_unchanged_record_gives_the_same_object_and_reads_its_timeline_once() -> None:
    cache, texts = TaskCache(), Texts()

    first = cache.task("ns", 7, 0, record_of(cache), texts)
    again = cache.task("ns", 7, 0, record_of(cache), texts)

    assert first is again
    assert (first, first.mark) == (task("a"), 7)
    assert texts.read == [cache.digests(TURN.timeline)]


def test_another_record_under_the_same_mark_and_version_is_another_task() -> None:
    cache, texts = TaskCache(), Texts()
    before = cache.task("ns", 7, 0, record_of(cache), texts)

    after = cache.task("ns", 7, 0, record_of(cache, TURN._replace(request=b"[]")), texts)

    assert (before.turn.request, after.turn.request) == (b"{}", b"[]")
    assert after.turn.timeline is before.turn.timeline


def test_a_task_that_was_written_is_read_as_the_object_that_was_written() -> None:
    cache, texts = TaskCache(), Texts()
    written = task("a").marked(7)
    cache.put("ns", written, record_of(cache))

    assert cache.task("ns", 7, 0, record_of(cache), texts) is written
    assert texts.read == []


def test_a_cleared_cache_has_the_timelines_still() -> None:
    cache, texts = TaskCache(), Texts()
    before = cache.task("ns", 7, 0, record_of(cache), texts)

    cache.clear()

    assert not cache.has("ns", 7, 0, record_of(cache))
    assert cache.has_timeline(cache.digests(TURN.timeline))
    assert cache.task("ns", 7, 0, record_of(cache), texts) == before
    assert len(texts.read) == 1


def test_a_full_cache_drops_the_task_that_came_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xpander_emulator.store.task_cache.MOST", 2)
    cache = TaskCache()
    for mark in (1, 2):
        cache.put("ns", task("a").marked(mark), b"record")

    cache.put("ns", task("a").marked(2), b"changed")
    assert cache.has("ns", 1, 0, b"record")
    cache.put("ns", task("a").marked(3), b"record")

    assert [cache.has("ns", mark, 0, record) for mark, record in ((1, b"record"), (2, b"changed"), (3, b"record"))] == [
        False,
        True,
        True,
    ]


def test_a_full_cache_of_timelines_drops_the_one_that_came_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xpander_emulator.store.task_cache.MOST", 2)
    cache = TaskCache()
    turns = [TURN._replace(timeline=Timeline(name, TURN.timeline.steps)) for name in ("t", "u", "v")]

    for mark, turn in enumerate(turns):
        text = timeline_to_bytes(turn.timeline)
        cache.task("ns", mark, 0, record_of(cache, turn), lambda _, text=text: text)  # type: ignore[misc]

    assert [cache.has_timeline(cache.digests(turn.timeline)) for turn in turns] == [False, True, True]
