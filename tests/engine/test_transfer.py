import asyncio
import re
from typing import Any

import orjson
import pytest

from tests.engines import make_engine, start
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.transfer import export, restore
from xpander_emulator.errors import BadRequest, Conflict


async def exported(engine: Engine, namespace: str = "ns") -> Any:
    """Return the document of a namespace as another server reads it."""
    return orjson.loads(orjson.dumps(await export(engine, namespace)))


async def with_tasks(*ids: str, **settings: Any) -> Engine:
    engine = make_engine(**settings)
    for task_id in ids:
        await engine.start("ns", start("approval", id=task_id))
    return engine


async def test_an_imported_task_is_shown_as_it_was_and_goes_on_as_it_would_have() -> None:
    source, target = await with_tasks("a"), make_engine(seed=7)
    await source.advance("ns", 500)

    assert await restore(target, "copy", await exported(source), replacing=False) == 1

    for engine, namespace in ((source, "ns"), (target, "copy")):
        await engine.advance(namespace, 2_000)
        await engine.signal(namespace, "a", "reject", reason="too late")
    assert (await target.read("copy", "a")).body == (await source.read("ns", "a")).body
    assert await exported(target, "copy") == await exported(source)


async def test_an_export_of_a_namespace_that_nobody_has_used_has_the_clock_of_the_server() -> None:
    document = await exported(make_engine(), "nobody")

    assert document["tasks"] == []
    assert document["clock"] == {"mode": "manual", "now": "2026-01-01T00:00:00.000000Z", "scale": 60.0}


async def test_a_namespace_with_tasks_is_replaced_only_if_that_is_asked_for() -> None:
    source, target = await with_tasks("a"), await with_tasks("b", "c")
    document = await exported(source)

    with pytest.raises(Conflict, match=r"^Namespace 'ns' has 2 tasks\. Replace them, or import into another one\.$"):
        await restore(target, "ns", document, replacing=False)
    assert [task.id for task in await target.store.all("ns")] == ["b", "c"]

    assert await restore(target, "ns", document, replacing=True) == 1
    assert [task.id for task in await target.store.all("ns")] == ["a"]


async def test_more_tasks_than_a_server_may_have_are_refused_and_those_that_go_do_not_count() -> None:
    source, target = await with_tasks("a", "b"), await with_tasks("c", "d", max_tasks=3)
    document = await exported(source)

    with pytest.raises(
        Conflict,
        match=r"^The file has 2 tasks; with the others here they would be more than the 3 that --max-tasks allows\.$",
    ):
        await restore(target, "other", document, replacing=False)

    assert await restore(target, "ns", document, replacing=True) == 2


async def test_a_file_with_a_task_that_cannot_be_shown_changes_nothing() -> None:
    source, target = await with_tasks("a"), await with_tasks("b")
    document = await exported(source)
    [timeline] = document["timelines"].values()
    timeline["steps"][0]["sets"] = {"title": {"$template": "{{ 1 / 0 }}"}}

    with pytest.raises(BadRequest, match=r"^Task 'a' cannot be shown: .*division by zero.*\.$"):
        await restore(target, "ns", document, replacing=True)

    assert [task.id for task in await target.store.all("ns")] == ["b"]


async def test_a_request_that_no_client_could_have_sent_is_refused() -> None:
    document = await exported(await with_tasks("a"))
    document["tasks"][0]["turns"][0]["request"] = '{"input": 7}'

    with pytest.raises(BadRequest, match=re.escape("Task 'a' cannot be shown: ")):
        await restore(make_engine(), "ns", document, replacing=False)


async def test_whoever_follows_the_namespace_reads_all_anew_after_an_import() -> None:
    document, target = await exported(await with_tasks("a")), await with_tasks("b")
    followed = target.feed.follow("ns")
    _, first = await anext(followed)

    await restore(target, "ns", document, replacing=True)

    _, event = await asyncio.wait_for(anext(followed), 5)
    await followed.aclose()
    assert event.type == first.type == "stale"
