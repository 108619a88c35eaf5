"""Agents through the SDK: listed, read, loaded and started."""

import pytest
from conftest import Emulator, Point
from life import Status, settled
from xpander_sdk import Agent, Agents, ModuleException, Tasks


async def test_every_story_is_an_agent(auto: Emulator) -> None:
    agents = await Agents().alist()

    assert [agent.id for agent in agents] == auto.scenarios()
    assert {agent.organization_id for agent in agents} == {auto.organization_id}
    assert {agent.status.value for agent in agents} == {"ACTIVE"}


def test_the_calls_without_async_do_the_same(auto: Emulator) -> None:
    [listed] = [agent for agent in Agents().list() if agent.id == "approval"]

    agents = [listed.load(), Agents().get("approval"), Agent.load("approval")]

    assert {(agent.id, agent.name) for agent in agents} == {("approval", listed.name)}
    assert agents[0].create_task(prompt="Hi").agent_id == "approval"


@pytest.mark.parametrize("story", ["approval", "completed", "streaming_answer", "sub_agents"])
async def test_an_agent_is_read_as_its_model_and_can_be_started(auto: Emulator, story: str) -> None:
    agent = await Agents().aget(story)

    task = await agent.acreate_task(prompt="Hi")

    assert (agent.id, agent.organization_id) == (story, auto.organization_id)
    assert all((agent.name, agent.unique_name, agent.framework, agent.model_provider, agent.model_name))
    assert (await settled(task))[-1] in (Status.Completed, Status.Paused)


async def test_an_agent_of_the_list_loads_itself(auto: Emulator) -> None:
    listed = (await Agents().alist())[0]

    agent = await listed.aload()

    assert (agent.id, agent.name, agent.created_at) == (listed.id, listed.name, listed.created_at)


async def test_a_version_can_be_asked_for(auto: Emulator) -> None:
    agent = await Agents().aget("completed", version=3)

    assert agent.id == "completed"


async def test_an_agent_that_nobody_has_described_can_be_started_but_not_read(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="my-own", prompt="Hi")

    with pytest.raises(ModuleException, match="Agent not found") as refused:
        await Agents().aget("my-own")

    assert refused.value.status_code == 404
    assert (await settled(task))[-1] == Status.Completed


async def test_with_known_only_it_cannot_be_started_either(point: Point) -> None:
    point("known_only")

    with pytest.raises(ModuleException, match="Agent not found") as refused:
        await Tasks().acreate(agent_id="my-own", prompt="Hi")

    assert refused.value.status_code == 404
    assert (await Tasks().acreate(agent_id="approval", prompt="Hi")).status == Status.Pending
