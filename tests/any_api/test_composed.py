"""A task whose schema is put together by `allOf`, and lists that want more than their tasks."""

from pathlib import Path

import pytest

from tests.web.api_client import api
from xpander_emulator.settings import DEFAULT_NAMESPACE

SPEC = """\
openapi: 3.1.0
info: {title: Jobs, version: '1'}
paths:
  /jobs:
    post:
      operationId: submitJob
      security: []
      x-emulator: {action: start}
      responses:
        '200': {description: The job., content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}}
    get:
      operationId: listJobs
      security: []
      x-emulator: {action: list, items: jobs}
      responses:
        '200':
          description: All jobs.
          content:
            application/json:
              schema:
                type: object
                required: [jobs, total, page]
                properties:
                  jobs: {type: array, items: {$ref: '#/components/schemas/Summary'}}
                  total: {type: integer}
                  page: {type: object, required: [size], properties: {size: {type: integer, minimum: 1}}}
  /ranks:
    get:
      operationId: listRanks
      security: []
      x-emulator: {action: list}
      responses:
        '200':
          description: All jobs, ranked.
          content:
            application/json:
              schema:
                type: array
                items:
                  allOf:
                    - {$ref: '#/components/schemas/Job'}
                    - {type: object, required: [rank], properties: {rank: {enum: [1, 2]}}}
  /jobs/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getJob
      security: []
      x-emulator: {action: read, subject: id}
      responses:
        '200': {description: The job., content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}}
components:
  schemas:
    Named: {type: object, required: [id, status], properties: {id: {type: string}, status: {type: string}}}
    Summary:
      type: object
      additionalProperties: false
      required: [id, colour]
      properties: {id: {type: string}, status: {type: string}, colour: {enum: [red, blue]}}
    Job:
      allOf:
        - {$ref: '#/components/schemas/Named'}
        - type: object
          required: [speed, phase]
          properties:
            speed: {type: integer, minimum: 3, maximum: 9}
            note: {type: [string, 'null'], maxLength: 9}
            phase: {type: string, default: first}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The file of an API whose jobs are composed."""
    file = tmp_path / "jobs.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return file


async def test_a_task_that_is_composed_has_all_its_parts(spec: Path) -> None:
    answer = await api(spec=spec).http.post("/jobs")

    job = answer.json()
    assert answer.status_code == 200, answer.text
    assert list(job) == ["id", "status", "speed", "note", "phase"]
    assert (job["status"], job["note"], job["phase"]) == ("pending", None, "first")
    assert 3 <= job["speed"] <= 9


async def test_an_update_is_checked_against_all_parts(spec: Path) -> None:
    client = api(spec=spec)
    job = (await client.http.post("/jobs")).json()
    engine = client.app.engine

    view = await engine.signal(DEFAULT_NAMESPACE, job["id"], "update", payload={"note": "short"})

    assert view.body["note"] == "short"
    with pytest.raises(
        Exception, match=r"^An update cannot set 'note' to 'much too long': String should have at most 9"
    ):
        await engine.signal(DEFAULT_NAMESPACE, job["id"], "update", payload={"note": "much too long"})


async def test_a_composed_task_varies_where_that_is_legal(spec: Path) -> None:
    client = api(spec=spec, nasty=True)

    jobs = [(await client.http.post("/jobs")).json() for _ in range(20)]

    assert all({"id", "status", "speed", "phase"} <= set(job) for job in jobs)
    assert len({job.get("note", "absent") for job in jobs}) > 1


async def test_a_list_has_what_its_contract_requires_beyond_a_task_and_nothing_that_it_refuses(spec: Path) -> None:
    client = api(spec=spec)
    started = [(await client.http.post("/jobs")).json()["id"] for _ in range(2)]

    answer = await client.http.get("/jobs")

    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert [job["id"] for job in body["jobs"]] == started[::-1]
    assert all(list(job) == ["id", "status", "colour"] and job["colour"] in ("red", "blue") for job in body["jobs"])
    assert body["total"] == 2
    assert body["page"]["size"] >= 1
    assert (await client.http.get("/jobs")).json() == body


async def test_a_bare_list_has_it_too(spec: Path) -> None:
    client = api(spec=spec)
    job = (await client.http.post("/jobs")).json()

    [listed] = (await client.http.get("/ranks")).json()

    assert listed == job | {"rank": listed["rank"]}
    assert listed["rank"] in (1, 2)
