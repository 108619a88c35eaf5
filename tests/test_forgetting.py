"""What goes with a task that goes."""

import asyncio

import pytest

from emulator.errors import NotFound
from tests.engines import make_engine, start


async def test_sub_tasks_go_with_their_task_however_deep_and_no_other() -> None:
    engine = make_engine()
    for task_id, parent in (("root", None), ("child", "root"), ("grandchild", "child"), ("other", None)):
        await engine.start("one", start("approval", id=task_id, parent_execution_id=parent))

    await engine.delete("one", "root")

    assert [task.id for task in await engine.store.all("one")] == ["other"]


@pytest.mark.parametrize(
    "parents",
    [
        pytest.param({"a": "a"}, id="its own parent"),
        pytest.param({"a": "b", "b": "a"}, id="two, each the parent of the other"),
        pytest.param({"a": "c", "b": "a", "c": "b"}, id="three in a circle"),
    ],
)
async def test_tasks_that_are_parents_of_each_other_go_together(parents: dict[str, str]) -> None:
    engine = make_engine()
    for task_id, parent in parents.items():
        await engine.start("one", start("approval", id=task_id, parent_execution_id=parent))

    await asyncio.wait_for(engine.delete("one", "a"), 5)

    assert await engine.store.all("one") == ()
    with pytest.raises(NotFound, match="Task not found"):
        await engine.delete("one", "a")
