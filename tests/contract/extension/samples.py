"""A contract with one operation that reads a task; NAMES and SCHEMA stand for its names and for the task."""

from tests.contract.samples import contract_of

JOB = "content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}"
READ = f"""\
paths:
  /jobs/{{jobId}}:
    get:
      operationId: getJob
      parameters: [{{name: jobId, in: path, required: true, schema: {{type: string}}}}]
      x-emulator: {{action: read, subject: jobId, NAMES}}
      responses: {{'200': {{description: d, {JOB}}}}}
components: {{schemas: {{Job: SCHEMA, State: {{type: string, enum: [QUEUED]}}}}}}
"""


def warnings_of(names: str, schema: str) -> list[str]:
    """Return the warnings about the contract with these names and this schema."""
    contract = contract_of(READ.replace("NAMES", names).replace("SCHEMA", schema))
    return [each.message for each in contract.warnings]
