"""Which tasks go where there are too many, and what goes with them."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.engines import make_engine, start
from xpander_emulator.errors import NotFound
from xpander_emulator.store.port import Task


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


async def test_where_no_task_was_finished_none_is_looked_for_until_as_many_as_there_may_be_have_gone() -> None:
    engine = make_engine(max_tasks=5)
    for _ in range(5):
        await engine.start("one", start("approval"))
    asked: list[int] = []
    oldest = engine.store.oldest

    async def noted(most: int) -> Sequence[tuple[str, Task]]:
        asked.append(most)
        return await oldest(most)

    engine.store.oldest = noted  # type: ignore[method-assign]
    for _ in range(7):
        await engine.start("one", start("approval"))

    search = [1, 5, 5]
    assert asked == [*search, 1, 1, 1, 1, 1, *search]
