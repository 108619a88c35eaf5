from pathlib import Path

import pytest

from tests.contract.samples import contract_of
from tests.engines import contract, make_engine, start
from tests.web.api_client import Api
from tests.web.messages import request_of
from xpander_emulator.contract.model import Contract
from xpander_emulator.engine.views import View
from xpander_emulator.web.api.task_response import TaskResponses, task_id_of
from xpander_emulator.web.context import RequestContext


async def test_an_answer_tells_its_story_its_step_and_where_that_is_written(manual: Api) -> None:
    answer = await manual.http.post("/v1/workflows/approval/invoke/async", json={"input": {}})
    source, _, line = answer.headers["x-emulator-source"].partition(":")
    lines = (Path(__file__).parents[3] / source).read_text(encoding="utf-8").splitlines()

    assert (answer.headers["x-emulator-scenario"], answer.headers["x-emulator-step"]) == ("approval", "pending")
    assert lines[int(line) - 1].strip() == "- status: pending"


FOREIGN = contract_of(
    """
    paths:
      /jobs:
        post:
          operationId: startJob
          x-emulator: {action: start}
          responses:
            "202": {description: Taken, headers: {Location: {schema: {type: string}}}}
      /jobs/{job}:
        get:
          operationId: getJob
          x-emulator: {action: read, subject: job}
          parameters: [{name: job, in: path, required: true, schema: {type: string}}]
          responses: {"200": {description: A job, content: {application/json: {schema: {type: object}}}}}
    """
)


def context_of(contract: Contract, operation: str) -> RequestContext:
    return RequestContext(request_of(), contract.operation(operation), 0.0)


async def view_of(task_id: str = "t_1") -> View:
    return await make_engine().start("ns", start("approval", id=task_id))


async def test_a_task_has_the_status_and_the_location_that_its_operation_declares() -> None:
    response = TaskResponses(FOREIGN).of(context_of(FOREIGN, "startJob"), await view_of("a/b"))

    assert (response.status, response.body, response.media_type) == (202, b"", None)
    assert dict(response.headers)[b"location"] == b"/jobs/a%2Fb"


async def test_a_task_is_the_body_where_one_is_declared() -> None:
    view = await view_of()

    response = TaskResponses(contract()).of(context_of(contract(), "getTask"), view)

    assert (response.status, response.body, response.task_state) == (200, view.encoded, view.task_state)
    assert b"location" not in dict(response.headers)


async def test_a_response_is_cached_by_its_view_and_its_operation() -> None:
    responses, view = TaskResponses(contract()), await view_of()
    read = context_of(contract(), "getTask")

    first = responses.cached(read, view)

    assert responses.cached(read, view) is first
    assert responses.cached(context_of(contract(), "stopTask"), view) is not first
    assert responses.of(read, view) is not first


@pytest.mark.parametrize(
    ("contract", "operation", "name"), [(contract(), "getTask", "task_id"), (FOREIGN, "getJob", "job")]
)
def test_the_id_of_a_task_is_the_parameter_that_the_operation_names(
    contract: Contract, operation: str, name: str
) -> None:
    context = context_of(contract, operation)
    context.parameters = {name: "t_1"}

    assert task_id_of(context) == "t_1"
