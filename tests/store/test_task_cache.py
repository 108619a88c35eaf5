from tests.store.test_every_store import task
from xpander_emulator.store.task_cache import TaskCache


def test_a_cached_task_is_used_for_an_equal_record_of_its_namespace_alone() -> None:
    cache = TaskCache()
    cache.put("ns", task("a").marked(7), b"record")

    assert cache.has("ns", 7, 0, b"record")
    assert not cache.has("elsewhere", 7, 0, b"record")
    assert not cache.has("ns", 8, 0, b"record")
    assert not cache.has("ns", 7, 1, b"record")
    assert not cache.has("ns", 7, 0, b"another")
