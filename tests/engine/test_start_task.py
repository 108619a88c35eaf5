"""How a task comes about: its id, its sub-tasks, and what was pinned for it."""

import pytest

from tests.engines import catalogue, contract, make_engine, start
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.engine.engine import MAX_PINS, Engine
from xpander_emulator.errors import Conflict, NotFound
from xpander_emulator.scenario.compile import compile_document
from xpander_emulator.scenario.selection import Catalogue, Scenario


def starting(name: str, *others: str) -> Scenario:
    """Return a story that starts others as its sub-tasks after 100 ms, and ends after 1,100."""
    sub_tasks = ", ".join(f"{{workflow_id: {other}}}" for other in others)
    text = f"""
scenario: {name}
steps:
  - {{status: pending, after: 100ms}}
  - {{status: executing, after: 1s, sub_tasks: [{sub_tasks}]}}
  - {{status: completed}}
"""
    return compile_document(parse_document(text, f"{name}.yaml"), contract())


async def descendants(engine: Engine, task_id: str) -> dict[str, list[str]]:
    """Return the stories of a task's sub-tasks and of theirs, by the story of the parent."""
    found: dict[str, list[str]] = {}
    ids = [task_id]
    for each in ids:
        children = await engine.task_states.children("one", each)
        parent = await engine.task_states.get("one", each)
        found[parent.turn.timeline.name] = [child.turn.timeline.name for child in children]
        ids += [child.task.id for child in children]
    return found


async def test_an_id_that_a_client_has_chosen_before_is_given_to_no_other_task() -> None:
    engine, like_it = make_engine(), make_engine()
    await like_it.start("one", start("approval"))
    expected = (await like_it.start("one", start("approval"))).task_state.task.id
    await engine.start("one", start("approval", id=expected))

    second = (await engine.start("one", start("approval"))).task_state.task.id

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
    assert expected not in {task.id for task in tasks if task.started_by}


async def test_an_id_that_is_planned_for_a_sub_task_cannot_be_chosen() -> None:
    engine = make_engine()
    await engine.start("one", start("sub_agents"))
    planned = (await engine.store.all("one"))[1].id

    with pytest.raises(Conflict, match=rf"^Task '{planned}' is planned as a sub-task. Change or omit `id`.$"):
        await engine.start("one", start("approval", id=planned))


async def test_sub_tasks_of_sub_tasks_come_about_three_levels_deep_each_with_its_step() -> None:
    chain = [starting("a", "b", "b2"), starting("b", "c"), starting("c", "d"), starting("d", "e"), starting("e", "b2")]
    engine = make_engine()
    engine.adopt(Catalogue([*chain, starting("b2", "completed"), *catalogue().values()]))
    task_id = (await engine.start("one", start("a"))).task_state.task.id

    grown = []
    for _ in range(5):
        grown.append(await descendants(engine, task_id))
        await engine.advance("one", 100)

    assert grown[0] == {"a": []}
    assert grown[1] == {"a": ["b", "b2"], "b": [], "b2": []}
    assert grown[2] == {"a": ["b", "b2"], "b": ["c"], "b2": ["completed"], "c": [], "completed": []}
    assert grown[4] == grown[3] | {"d": []}
    assert len({task.ordinal for task in await engine.store.all("one")}) == 6


async def test_sub_tasks_are_those_of_the_turn_that_starts_them() -> None:
    engine = make_engine()
    engine.adopt(Catalogue([starting("a", "completed"), *catalogue().values()]))
    task_id = (await engine.start("one", start("completed"))).task_state.task.id
    await engine.skip("one", task_id, "completed")

    await engine.start("one", start("a", id=task_id))
    before = await engine.task_states.children("one", task_id)
    await engine.advance("one", 100)
    (child,) = await engine.task_states.children("one", task_id)

    assert before == []
    assert child.task.started_by is not None
    assert (child.task.started_by.turn, child.snapshot.status) == (1, "pending")


async def test_a_sub_task_of_a_story_takes_a_further_turn_as_any_other_task() -> None:
    engine = make_engine()
    parent = (await engine.start("one", start("sub_agents"))).task_state.task.id
    await engine.advance("one", 60_000)
    child = (await engine.task_states.children("one", parent))[0].task.id

    further = (await engine.start("one", start("approval", id=child))).task_state

    kept = await engine.store.get("one", child)
    assert kept is not None
    assert (further.number, len(kept.turns), kept.turns[1].timeline.name) == (1, 2, "approval")
    assert [turn.snapshot.status for turn in await engine.task_states.turns("one", child)] == ["completed", "pending"]


async def test_a_pin_holds_for_as_many_starts_as_it_says_and_for_one_if_it_says_nothing() -> None:
    engine = make_engine()
    await engine.pin_next("one", "failed")
    await engine.pin_next("one", "error", times=2)

    started = [(await engine.start("one", start("completed"))).task_state.turn.timeline.name for _ in range(4)]

    assert started == ["failed", "error", "error", "completed"]


async def test_as_many_starts_may_be_pinned_as_the_refusal_says() -> None:
    engine = make_engine()
    await engine.pin_next("one", "failed", times=MAX_PINS - 1)
    await engine.pin_next("one", "failed")

    with pytest.raises(Conflict, match=r"^1,002 starts would be pinned; 1,000 is the most\.$"):
        await engine.pin_next("one", "failed", times=2)
    assert len((await engine.pins("one")).upcoming) == MAX_PINS


async def test_only_what_is_listed_can_be_started_where_nothing_else_is_known() -> None:
    engine = make_engine(known_only=True)

    started = await engine.start("one", start("approval"))

    assert started.task_state.turn.runs == "approval"
    with pytest.raises(NotFound, match=r"^Workflow not found$"):
        await engine.start("one", start("nobody-lists-this"))
    assert await engine.store.count() == 1


async def test_sub_tasks_of_a_further_turn_go_as_deep_as_those_of_the_first() -> None:
    scenarios = [starting("a", "b"), starting("b", "c"), starting("c", "d"), starting("d", "completed")]
    engine = make_engine()
    engine.adopt(Catalogue([*scenarios, *catalogue().values()]))
    task_id = (await engine.start("one", start("a"))).task_state.task.id
    await engine.advance("one", 10_000)
    first = await descendants(engine, task_id)

    await engine.start("one", start("a", id=task_id))
    await engine.advance("one", 10_000)

    assert first == {"a": ["b"], "b": ["c"], "c": ["d"], "d": []}
    assert await descendants(engine, task_id) == {**first, "a": ["b", "b"]}
