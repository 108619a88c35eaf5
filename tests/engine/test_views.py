from dataclasses import replace

import orjson
import pytest

from tests.engines import make_engine, start
from xpander_emulator.clock import Clock
from xpander_emulator.core.signals import Move
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis, Polls, Step
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.engine.views import View, Views

POLLED = Step("work", Status.EXECUTING, Polls(2, 1))


def clock_at(ms: int, mode: str = "manual") -> Clock:
    return Clock(mode, Millis(1_767_225_600_000 + ms), Millis(0))  # type: ignore[arg-type]


async def state(engine: Engine, runs: str = "approval", task_id: str = "t", **request: str) -> TaskState:
    await engine.start("ns", start(runs, id=task_id, **request))
    return await engine.task_states.get("ns", task_id)


async def cached(engine: Engine, views: Views, task_id: str = "t", clock: Clock | None = None) -> View | None:
    return views.cached("ns", task_id, await engine.store.read("ns", task_id), clock or clock_at(0))


async def test_a_view_has_the_body_of_the_task_and_its_bytes() -> None:
    engine = make_engine()
    task_state = await state(engine)

    view = Views(engine.renderer).view(task_state)

    assert view.body == engine.renderer.task(task_state)
    assert (view.sent.body, view.warning) == (view.body, "")
    assert orjson.loads(view.encoded) == view.body


async def test_a_cached_view_is_valid_until_the_next_change_of_its_task() -> None:
    engine = make_engine()
    views = Views(engine.renderer)
    view = views.cache(views.view(await state(engine)))

    assert await cached(engine, views, clock=clock_at(299)) is view
    assert await cached(engine, views, clock=clock_at(300)) is None


async def test_a_view_of_a_task_that_was_written_or_deleted_since_is_not_used() -> None:
    engine = make_engine()
    views = Views(engine.renderer)
    views.cache(views.view(await state(engine)))

    await engine.signal("ns", "t", "stop")
    assert await cached(engine, views) is None

    await engine.delete("ns", "t")
    assert await cached(engine, views) is None


async def test_a_view_is_of_its_namespace_alone() -> None:
    engine = make_engine()
    views = Views(engine.renderer)
    views.cache(views.view(await state(engine)))

    assert views.cached("other", "t", await engine.store.read("ns", "t"), clock_at(0)) is None


async def test_on_an_auto_clock_a_read_moves_the_task_so_that_no_view_is_used() -> None:
    engine = make_engine()
    views = Views(engine.renderer)
    view = views.cache(views.view(await state(engine)))

    assert await cached(engine, views, clock=clock_at(0, "auto")) is None
    assert await cached(engine, views, clock=clock_at(0)) is view


async def test_a_task_with_sub_tasks_is_rendered_with_each_read() -> None:
    engine = make_engine()
    views = Views(engine.renderer)
    views.cache(views.view(await state(engine)))

    await state(engine, "completed", "child", parent_execution_id="t")
    assert await cached(engine, views) is None


async def test_a_view_with_sub_tasks_or_of_a_task_that_counts_reads_is_not_cached() -> None:
    engine = make_engine()
    views = Views(engine.renderer)
    await state(engine)
    await state(engine, "completed", "child", parent_execution_id="t")
    views.cache(views.view(await engine.task_states.get("ns", "t")))
    await engine.delete("ns", "child")

    assert await cached(engine, views) is None

    counting = await state(engine, "slow", "counting")
    counting = counting._replace(snapshot=counting.snapshot._replace(step=POLLED))
    views.cache(views.view(counting))
    assert await cached(engine, views, "counting") is None


async def test_a_task_on_a_path_is_rendered_with_each_read() -> None:
    engine = make_engine()
    views = Views(engine.renderer)
    task_state = await state(engine)
    turn = task_state.turn._replace(plan=(Move(2, "waiting", "approve"),))
    task = replace(task_state.task, turns=(turn,))

    views.cache(views.view(task_state._replace(task=task, turn=turn)))

    reading = (await engine.store.read("ns", "t"))._replace(task=task)
    assert views.cached("ns", "t", reading, clock_at(0)) is None


async def test_a_dropped_view_is_gone_and_others_stay() -> None:
    engine = make_engine()
    views = Views(engine.renderer)
    made = {task_id: views.cache(views.view(await state(engine, task_id=task_id))) for task_id in ("a", "b")}

    views.drop([("ns", "a"), ("ns", "unknown")])

    assert [await cached(engine, views, task_id) for task_id in ("a", "b")] == [None, made["b"]]
    views.drop_namespace("elsewhere")
    assert await cached(engine, views, "b") is made["b"]
    views.drop_namespace("ns")
    assert await cached(engine, views, "b") is None


async def test_a_full_cache_drops_the_view_that_was_cached_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xpander_emulator.engine.views._MOST", 2)
    engine = make_engine()
    views = Views(engine.renderer)
    states = {task_id: await state(engine, task_id=task_id) for task_id in ("a", "b", "c")}

    async def valid() -> list[str]:
        return [task_id for task_id in states if await cached(engine, views, task_id) is not None]

    for task_id in ("a", "b", "b"):
        views.cache(views.view(states[task_id]))
    assert await valid() == ["a", "b"]
    for task_id in ("a", "c"):
        views.cache(views.view(states[task_id]))
    assert await valid() == ["a", "c"]


async def test_two_views_of_one_task_are_equal_only_to_themselves() -> None:
    engine = make_engine()
    views, task_state = Views(engine.renderer), await state(engine)

    one, other = views.view(task_state), views.view(task_state)

    assert one.body == other.body
    assert one != other
