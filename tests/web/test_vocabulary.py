"""The vocabulary of `x-emulator` is what the handlers play and what the renderer says."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.samples import HEAD
from tests.web.api_client import Api, api
from xpander_emulator.contract.extension import vocabulary
from xpander_emulator.settings import Settings
from xpander_emulator.web.api.sdk import SdkHandlers
from xpander_emulator.web.api.tasks import ApiHandlers
from xpander_emulator.web.app import create_app
from xpander_emulator.web.context import handlers_of

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

    played = handlers_of(ApiHandlers(app.engine, app.contract)) | handlers_of(SdkHandlers(app.engine, app.contract))

    assert set(played) == set(vocabulary.ACTIONS)


async def test_the_facts_of_a_task_are_those_that_can_be_named(manual: Api) -> None:
    task = await manual.start()
    renderer = manual.app.engine.renderer
    task_state = await manual.app.engine.task_states.get(manual.namespace, task["id"])

    assert set(renderer._facts(task_state, {})) == set(vocabulary.FACTS)


async def test_a_list_tells_of_a_task_what_it_is_said_to_need(manual: Api) -> None:
    task = await manual.start()
    task_state = await manual.app.engine.task_states.get(manual.namespace, task["id"])
    needed = {name: task[name] for name in vocabulary.SUMMARISED}

    item = manual.app.engine.renderer.list_item(task_state, needed)

    assert item == manual.app.engine.renderer.list_item(task_state, task)


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


FORM = """\
openapi: 3.1.0
info: {title: Jobs, version: '1'}
paths:
  /jobs:
    post:
      operationId: submitJob
      security: []
      x-emulator: {action: start}
      requestBody:
        content:
          application/x-www-form-urlencoded: {schema: &order {type: object, properties: {copies: {type: integer}}}}
          multipart/form-data: {schema: *order}
      responses: {'202': {description: Taken., headers: {Location: {schema: {type: string}}}}}
  /jobs/{job}:
    get:
      operationId: getJob
      security: []
      parameters: [{name: job, in: path, required: true, schema: {type: string}}]
      x-emulator: {action: read, subject: job}
      responses:
        '200':
          description: The job.
          content: {application/json: {schema: {type: object, properties: {copies: {type: integer}}}}}
"""


@pytest.mark.parametrize("sent", [{"data": {"copies": "3"}}, {"data": {"copies": "3"}, "files": {"x": b"y"}}])
async def test_a_form_starts_a_task_as_json_does(tmp_path: Path, sent: dict[str, Any]) -> None:
    spec = tmp_path / "api.yaml"
    spec.write_text(FORM, encoding="utf-8")
    client = api(spec=spec).http

    started = await client.post("/jobs", **sent)

    assert started.status_code == 202, started.text
    assert (await client.get(started.headers["location"])).json() == {"copies": 3}
