import pytest

from tests.contract.samples import contract_of, ours
from xpander_emulator.contract.extension.property_names import TaskNames, reading_operation, task_names, task_pointer
from xpander_emulator.core.status import Status
from xpander_emulator.errors import BadRequest

JOBS = """\
paths:
  /jobs/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getJob
      x-emulator:
        action: read
        subject: id
        names: {id: jobId, status: state}
        statuses: {pending: QUEUED, executing: RUNNING, paused: RUNNING}
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Alias'}}}}
components:
  schemas:
    Alias: {$ref: '#/components/schemas/Job'}
    Job: {type: object, properties: {jobId: {}, state: {}}}
"""
NAMES = task_names(contract_of(JOBS))


def test_properties_and_statuses_have_the_contract_s_names_or_their_own() -> None:
    assert [NAMES.property_name(each) for each in ("id", "status", "result")] == ["jobId", "state", "result"]
    assert [NAMES.status_name(each) for each in (Status.PENDING, Status.FAILED)] == ["QUEUED", "failed"]


def test_a_word_stands_for_every_status_that_has_it() -> None:
    assert NAMES.statuses_named("RUNNING") == (Status.EXECUTING, Status.PAUSED)
    assert NAMES.statuses_named("failed") == (Status.FAILED,)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("QUED", "'QUED' is not a status; a task is QUEUED, RUNNING, {ends}. Did you mean 'QUEUED'?"),
        (7, "'7' is not a status; a task is QUEUED, RUNNING, {ends}."),
    ],
)
def test_an_unknown_word_is_refused_with_the_known_ones(word: object, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        NAMES.statuses_named(word)

    assert refused.value.message == message.format(ends="error, failed, completed, stopped")


def test_the_schema_of_a_task_is_that_of_the_operation_that_reads_one() -> None:
    assert task_pointer(contract_of(JOBS)) == "/components/schemas/Job"
    assert task_pointer(ours()) == "/components/schemas/AgentExecution"


def test_a_contract_without_tasks_has_no_names_of_its_own() -> None:
    contract = contract_of("paths: {/a: {get: {operationId: a, responses: {'200': {description: ok}}}}}")

    assert reading_operation(contract) is None
    assert task_pointer(contract) is None
    assert task_names(contract) == TaskNames({}, {})
