"""How a task comes about: its id."""

from tests.engines import make_engine, start


async def test_an_id_that_a_client_has_chosen_before_is_given_to_no_other_task() -> None:
    engine, like_it = make_engine(), make_engine()
    await like_it.start("one", start("approval"))
    expected = (await like_it.start("one", start("approval"))).standing.task.id
    await engine.start("one", start("approval", id=expected))

    second = (await engine.start("one", start("approval"))).standing.task.id

    assert second != expected
    assert {task.id for task in await engine.store.all("one")} == {expected, second}


async def test_an_id_that_a_client_has_chosen_before_is_given_to_no_sub_task_of_a_story() -> None:
    engine, like_it = make_engine(), make_engine()
    await like_it.start("one", start("approval"))
    await like_it.start("one", start("sub_agents"))
    expected = [task.id for task in await like_it.store.all("one")][2]
    await engine.start("one", start("approval", id=expected))

    await engine.start("one", start("sub_agents"))

    tasks = await engine.store.all("one")
    assert len(tasks) == len({task.id for task in tasks}) == 4
    assert expected not in {task.id for task in tasks if task.follows}
