"""The vocabulary of `x-emulator` is what the handlers play and what the renderer says."""

from pathlib import Path

from emulator.contract import behaviours
from emulator.settings import Settings
from emulator.web.app import create_app
from emulator.web.handlers import ApiHandlers
from emulator.web.sdk_handlers import SdkHandlers
from tests.contract.samples import HEAD
from tests.web.api import Api, api

SHORT = f"""{HEAD}
paths:
  /jobs:
    post:
      operationId: submitJob
      x-emulator: {{action: start}}
      responses: {{'202': {{description: d, headers: {{Location: {{schema: {{type: string}}}}}}}}}}
  /jobs/{{jobId}}:
    parameters: [{{name: jobId, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: getJob
      x-emulator: {{action: read, subject: jobId}}
      responses:
        '200': {{description: d, content: {{application/json: {{schema: {{properties: {{status: {{}}}}}}}}}}}}
    delete:
      operationId: stopJob
      x-emulator: {{action: stop, subject: jobId}}
      responses: {{'204': {{description: d}}}}
"""


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


async def test_an_operation_that_declares_no_body_answers_a_task_without_one(tmp_path: Path) -> None:
    spec = tmp_path / "api.yaml"
    spec.write_text(SHORT, encoding="utf-8")
    client = api(spec=spec).http

    started = await client.post("/jobs")
    location = started.headers["location"]
    stopped = await client.delete(location)

    assert (started.status_code, started.content) == (202, b"")
    assert (stopped.status_code, stopped.content) == (204, b"")
    assert (await client.get(location)).json() == {"status": "stopped"}
