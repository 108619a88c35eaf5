import re
from typing import Any

import pytest

from tests.contract.samples import ours
from tests.web.api_client import Api, prefer

TASK = "/v1/tasks/any"


async def test_a_status_can_be_preferred_with_its_body_and_headers(manual: Api) -> None:
    answer = await manual.http.get(TASK, headers=prefer("code=429"))

    assert (answer.status_code, answer.json()) == (429, {"detail": "Rate limit exceeded"})
    assert answer.headers["retry-after"] == "30"
    assert answer.headers["preference-applied"] == "code=429"
    assert answer.headers.get_list("x-ratelimit-limit") == ["100"]


@pytest.mark.parametrize("operation", ours().operations, ids=lambda operation: operation.id)
async def test_every_status_that_is_declared_can_be_preferred(manual: Api, operation: Any) -> None:
    path = re.sub(r"\{[^}]+\}", "x", operation.path)
    body = next(iter(operation.body.content["application/json"].examples.values())) if operation.body else None

    for status in operation.responses:
        answer = await manual.http.request(operation.method, path, headers=prefer(f"code={status}"), json=body)

        assert answer.status_code == int(status), answer.text
        assert answer.headers["preference-applied"] == f"code={status}"
    assert await manual.listed() == []


async def test_an_example_can_be_preferred_by_its_name(manual: Api) -> None:
    paused = await manual.http.get(TASK, headers=prefer("example=paused_hitl"))
    both = await manual.http.get(TASK, headers=prefer('code="404", example=unknown_id'))

    assert paused.json()["status"] == "paused"
    assert paused.headers["preference-applied"] == "example=paused_hitl"
    assert (both.status_code, both.json()) == (404, {"detail": "Task not found"})
    assert both.headers["preference-applied"] == "code=404, example=unknown_id"


async def test_a_generated_answer_can_be_preferred_and_a_seed_decides_it(manual: Api) -> None:
    plain = await manual.http.get(TASK, headers=prefer("dynamic=true"))
    again = await manual.http.get(TASK, headers=prefer("dynamic=true"))
    seeded = [await manual.http.get(TASK, headers=prefer(f"dynamic=true, seed={seed}")) for seed in (1, 1, 2)]

    assert plain.status_code == 200
    assert plain.headers["preference-applied"] == "dynamic=true"
    assert plain.content == again.content
    assert seeded[0].content == seeded[1].content != seeded[2].content
    assert seeded[0].headers["preference-applied"] == "seed=1, dynamic=true"


async def test_a_scenario_can_be_preferred_for_one_start(manual: Api) -> None:
    body = {"input": {"text": "Hello"}}

    answer = await manual.http.post(
        "/v1/workflows/completed/invoke/async", json=body, headers=prefer("scenario=failed")
    )

    assert answer.headers["x-emulator-scenario"] == "failed"
    assert answer.headers["preference-applied"] == "scenario=failed"
    assert answer.json()["agent_id"] == "completed"


@pytest.mark.parametrize(
    ("preference", "message"),
    [
        ("code=418", "getTask declares no status 418; declared are 200, 401, 404, 422, 429, 500"),
        ("code=four", "Prefer: code=four: a status from 100 to 599 was expected"),
        ("example=pausd_hitl", "getTask 200 has no example 'pausd_hitl'. Did you mean 'paused_hitl'?"),
        ("dynamic=perhaps", "Prefer: dynamic=perhaps: true or false was expected"),
        ("seed=x", "Prefer: seed=x: a whole number was expected"),
        ("wait=-1", "Prefer: wait=-1: a number of seconds was expected"),
    ],
)
async def test_a_preference_that_cannot_be_is_refused(manual: Api, preference: str, message: str) -> None:
    answer = await manual.http.get(TASK, headers=prefer(preference))

    assert (answer.status_code, answer.json()) == (400, {"detail": message})


async def test_an_unknown_scenario_is_refused_and_starts_nothing(manual: Api) -> None:
    answer = await manual.http.post(
        "/v1/workflows/completed/invoke/async", json={"input": {}}, headers=prefer("scenario=aproval")
    )

    assert answer.status_code == 400
    assert "'aproval', which does not exist. Did you mean 'approval'?" in answer.json()["detail"]
    assert await manual.listed() == []


async def test_preferences_that_mean_nothing_here_are_ignored(manual: Api) -> None:
    answer = await manual.http.get("/v1/tasks", headers=prefer("respond-async, handling=lenient"))

    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers


async def test_the_requests_of_a_foreign_contract_are_validated(pets: Api) -> None:
    missing = await pets.http.get("/pets")
    parsed = await pets.http.get("/pets/seven")
    body = await pets.http.post("/pets", json={"email": None})
    added = await pets.http.post("/pets", json={"name": "Tom", "email": None})

    assert [(each["type"], each["loc"]) for each in missing.json()["violations"]] == [("missing", ["query", "limit"])]
    assert parsed.json()["violations"][0]["type"] == "int_parsing"
    assert [(each["type"], each["loc"]) for each in body.json()["detail"]] == [("missing", ["body", "name"])]
    assert added.status_code == 201


async def test_a_foreign_contract_without_security_needs_no_key_and_knows_none_of_our_paths(pets: Api) -> None:
    del pets.http.headers["x-api-key"]

    assert (await pets.http.get("/pets/7")).status_code == 200
    assert (await pets.http.get("/v1/tasks")).status_code == 404
    assert (await pets.http.get("/pet/7")).json()["detail"].endswith("Nearest: GET /pets/{id} (differs at 'pet').")


async def test_a_default_response_can_be_preferred_by_any_status(pets: Api) -> None:
    answer = await pets.http.post("/pets", json={"name": "Tom"}, headers=prefer("code=409"))

    assert (answer.status_code, answer.json()) == (409, {"error": "no"})
