"""The command of the banner is one that the contract takes."""

import shlex
from pathlib import Path

import httpx2
import pytest

from tests.cli.test_serve import INFO
from tests.contract.samples import HEAD, ROOT, contract_of, ours
from xpander_emulator.cli.first_request import first_curl
from xpander_emulator.cli.serve import banner
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

URL = "http://127.0.0.1:4020"
JOBS = ROOT / "tests" / "any_api" / "rendering_jobs.yaml"
OK = "responses: {'200': {description: d, content: {application/json: {example: {}}}}}"


def curl_of(contract: Contract, key: str = "local", scenario: str = "approval") -> str | None:
    first = first_curl(contract, URL, key, scenario)
    return None if first is None else first[1]


async def answer_to(command: str | None, spec: Path) -> httpx2.Response:
    """Send what a curl command would send."""
    assert command is not None
    words = iter(shlex.split(command)[1:])
    method, headers, content, url = "GET", list[tuple[str, str]](), None, ""
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers.append((name, value))
        elif word == "-d":
            content = next(words)
        else:
            url = word
    transport = httpx2.ASGITransport(app=create_app(Settings(spec=spec)))
    async with httpx2.AsyncClient(transport=transport) as client:
        return await client.request(method, url, headers=headers, content=content)


async def test_a_start_is_shown_with_a_body_made_from_the_contract() -> None:
    command = curl_of(load_contract(JOBS))

    answer = await answer_to(command, JOBS)

    assert command is not None
    assert command.startswith(f"curl -X POST {URL}/jobs -H 'Content-Type: application/json' -d '")
    assert (answer.status_code, answer.json()["state"]) == (202, "QUEUED")


async def test_a_start_that_answers_at_once_goes_first_and_runs_the_scenario() -> None:
    spec = ROOT / "openapi.yaml"
    command = curl_of(load_contract(spec), key="it's")

    answer = await answer_to(command, spec)

    assert command is not None
    assert command.startswith(f"curl -X POST {URL}/v1/workflows/approval/invoke/async ")
    assert answer.headers["x-emulator-scenario"] == "approval"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"paths: {{/a: {{post: {{{OK}}}, get: {{{OK}}}}}}}", f"curl {URL}/a"),
        (f"paths: {{/a: {{post: {{{OK}}}}}}}", f"curl -X POST {URL}/a"),
        (
            "paths: {'/a b/{id}': {get: {parameters: ["
            "{name: id, in: path, required: true, schema: {const: x/y}},"
            " {name: q, in: query, required: true, schema: {type: array, items: {type: integer}, example: [1, 2]}},"
            " {name: more, in: query, schema: {type: string}},"
            f" {{name: Lang, in: header, required: true, schema: {{enum: [en]}}}}], {OK}}}}}}}",
            f"curl '{URL}/a%20b/x%2Fy?q=1&q=2' -H 'Lang: en'",
        ),
        (
            "security: [{Key: [], Session: []}]\n"
            "components: {securitySchemes: {Key: {type: apiKey, in: query, name: key},"
            " Session: {type: apiKey, in: cookie, name: sid}}}\n"
            f"paths: {{/a: {{get: {{{OK}}}}}}}",
            f"curl '{URL}/a?key=local' -H 'Cookie: sid=local'",
        ),
        (
            "security: [{Token: []}]\n"
            "components: {securitySchemes: {Token: {type: http, scheme: bearer}}}\n"
            f"paths: {{/a: {{get: {{{OK}}}}}}}",
            f"curl {URL}/a -H 'authorization: bearer local'",
        ),
        (
            "paths: {/a: {post: {requestBody: {required: true, content: {application/x-www-form-urlencoded:"
            f" {{schema: {{type: object}}, example: {{a: 1, b: x y, c: null}}}}}}}}, {OK}}}}}}}",
            f"curl -X POST {URL}/a -H 'Content-Type: application/x-www-form-urlencoded' -d 'a=1&b=x+y'",
        ),
        (
            "paths: {/a: {post: {requestBody: {required: true, content: {application/json:"
            f" {{schema: {{type: integer}}, examples: {{wrong: {{value: x}}, right: {{value: 5}}}}}}}}}}, {OK}}}}}}}",
            f"curl -X POST {URL}/a -H 'Content-Type: application/json' -d 5",
        ),
        (f"paths: {{/a: {{post: {{requestBody: {{required: true, content: {{image/png: {{}}}}}}, {OK}}}}}}}", None),
        (
            "paths: {/a: {get: {parameters: [{name: q, in: query, required: true, schema: false}],"
            f" {OK}}}}}}}",
            None,
        ),
        ("paths: {}", None),
    ],
)  # fmt: skip
async def test_a_request_is_shown_that_the_contract_takes(text: str, wanted: str | None, tmp_path: Path) -> None:
    spec = tmp_path / "api.yaml"
    spec.write_text(HEAD + text, encoding="utf-8")
    command = curl_of(contract_of(text))

    assert command == wanted
    if wanted is not None:
        assert (await answer_to(command, spec)).status_code == 200


def test_the_banner_shows_it_and_not_the_built_in_one() -> None:
    text = banner(URL, Settings(spec=JOBS), INFO, load_contract(JOBS))

    assert f"\nA first request, submitJob:\n  curl -X POST {URL}/jobs " in text
    assert "/v1/workflows" not in text
    assert "XPANDER" not in text


def test_the_banner_points_the_sdk_at_another_release_of_its_own_api() -> None:
    text = banner(URL, Settings(spec=Path("openapi.yaml")), INFO, ours())

    assert f"  export XPANDER_BASE_URL={URL}\n" in text


def test_the_banner_shows_no_request_where_none_can_be_made() -> None:
    text = banner(URL, Settings(spec=Path("api.yaml")), INFO, contract_of("paths: {}"))

    assert "curl" not in text
