from tests.contract.samples import contract_of, ours
from xpander_emulator.contract.extension.start_operation import (
    example_request,
    is_xpander,
    request_schema,
    starting_operation,
)

JOBS = """\
paths:
  /jobs/run:
    post: {operationId: run, x-emulator: {action: start, reply: wait}, responses: {'200': {description: ok}}}
  /jobs:
    post:
      operationId: submit
      x-emulator: {action: start}
      requestBody:
        content:
          text/plain: {schema: {type: string}}
          application/json: {schema: {$ref: '#/components/schemas/Job'}, examples: {a: {value: {scene: a}}}}
      responses: {'202': {description: ok}}
  /jobs/{task_id}:
    parameters: [{name: task_id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: read
      x-emulator: {action: read}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
components: {schemas: {Job: {type: object}}}
"""
RENAMED = """\
paths:
  /v1/workflows/{id}/invoke/async:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    post: {operationId: a, responses: {'200': {description: ok}}}
"""
NO_TASKS = "paths: {/a: {get: {operationId: a, responses: {'200': {description: ok}}}}}"


def test_a_start_that_answers_at_once_comes_before_one_that_waits() -> None:
    operation = starting_operation(contract_of(JOBS))

    assert operation is not None
    assert operation.id == "submit"


def test_the_request_of_a_start_is_its_json() -> None:
    contract = contract_of(JOBS)

    assert request_schema(contract) == "/components/schemas/Job"
    assert example_request(contract) == {"scene": "a"}


def test_a_contract_without_tasks_starts_none() -> None:
    contract = contract_of(NO_TASKS)

    assert starting_operation(contract) is None
    assert request_schema(contract) is None
    assert example_request(contract) == {}


def test_the_sdk_fits_a_contract_with_its_path_whatever_the_parameter_is_called() -> None:
    assert is_xpander(ours())
    assert is_xpander(contract_of(RENAMED))
    assert not is_xpander(contract_of(JOBS))
