"""The vocabulary of `x-emulator` is what the handlers play and what the renderer says."""

from emulator.contract import behaviours
from emulator.settings import Settings
from emulator.web.app import create_app
from emulator.web.handlers import ApiHandlers
from emulator.web.sdk_handlers import SdkHandlers
from tests.web.api import Api


def test_every_action_has_its_handler_and_no_handler_is_without_action() -> None:
    app = create_app(Settings())

    played = {**ApiHandlers(app.engine, app.contract).table(), **SdkHandlers(app.engine, app.contract).table()}

    assert set(played) == set(behaviours.ACTIONS)


async def test_the_facts_of_a_task_are_those_that_can_be_named(manual: Api) -> None:
    task = await manual.start()
    renderer = manual.app.engine.renderer
    standing = await manual.app.engine.standings.get(manual.namespace, task["id"])

    assert set(renderer._facts(standing, {})) == set(behaviours.FACTS)


async def test_a_list_tells_of_a_task_what_it_is_said_to_need(manual: Api) -> None:
    task = await manual.start()
    standing = await manual.app.engine.standings.get(manual.namespace, task["id"])
    needed = {name: task[name] for name in behaviours.SUMMARISED}

    item = manual.app.engine.renderer.list_item(standing, needed)

    assert item == manual.app.engine.renderer.list_item(standing, task)
