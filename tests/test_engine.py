"""The engine without HTTP, case by case: what it answers, and what others cannot take from a task."""

from emulator.engine import Engine
from tests.engines import make_engine, start


async def started(engine: Engine, runs: str = "approval", **body: str) -> str:
    return (await engine.start("one", start(runs, **body))).standing.task.id


async def test_a_task_that_was_read_shows_a_sub_task_that_a_client_starts_for_it_afterwards() -> None:
    engine = make_engine()
    parent = await started(engine)
    alone = await engine.read("one", parent)

    child = await started(engine, parent_execution_id=parent)

    assert alone.body["sub_executions"] == []
    assert (await engine.read("one", parent)).body["sub_executions"] == [child]
