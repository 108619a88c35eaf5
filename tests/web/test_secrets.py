"""Secrets: what opens doors is told nowhere but in the answers of the emulated API to whoever sent it.

Each secret of these tests is a word of its own, sent in its place through everything that the emulator does.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx2
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from emulator.cli import main
from emulator.journal import MOST_OF_A_BODY
from emulator.credentials import REDACTED, USER_CREDENTIALS
from emulator.server import ThreadedServer
from emulator.settings import Settings
from tests.web.api import Api, shared

KEY, BEARER, COOKIE = "key-of-the-client-a1", "bearer-of-the-client-b2", "cookie-of-the-client-c3"
TOKEN, WRONG_TOKEN = "token-of-the-server-d4", "token-of-a-stranger-e5"
USER_TOKEN, OIDC = "user-token-f6", "oidc-token-g7"
QUERY_KEY, BASIC, ADDRESS_TOKEN = "query-key-h8", "YmFzaWM6aTk=", "token-in-an-address-j0"
SECRETS: Final = (KEY, BEARER, COOKIE, TOKEN, WRONG_TOKEN, USER_TOKEN, OIDC, QUERY_KEY, BASIC, ADDRESS_TOKEN)

HEADERS: Final = {
    "x-api-key": KEY,
    "authorization": f"Bearer {BEARER}",
    "cookie": f"session={COOKIE}",
    "x-auth-token": WRONG_TOKEN,
}
BODY: Final = {
    "input": {"text": "Refund order 1042", "user": {"email": "a@b.c", "user_tokens": {"deep": [{"deeper": USER_TOKEN}]}}},
    "user_tokens": {"github": {"access": USER_TOKEN}},
    "user_oidc_token": OIDC,
    "mcp_servers": [{"url": "http://127.0.0.1:1", "headers": {"Authorization": f"Bearer {BEARER}"}, "api_key": QUERY_KEY}],
}
# Its text fails, and the reason that Jinja gives quotes what was looked for.
BROKEN: Final = """
scenario: broken
steps:
  - {status: pending, after: 1s}
  - {status: completed, result: "{{ [1].index(request.user_oidc_token) }}"}
"""
CONTRACT: Final = """
openapi: 3.1.0
info: {title: Doors, version: '1'}
paths:
  /query:
    post:
      operationId: query
      security: [{query: []}]
      parameters: [{name: key, in: query, schema: {type: string, maxLength: 3}}]
      requestBody:
        content:
          application/json:
            schema: {properties: {user_tokens: {not: {type: object}}, list: {contains: {type: integer}}}}
      responses: {'200': {description: ok}}
  /cookie: {get: {operationId: cookie, security: [{cookie: []}], responses: {'200': {description: ok}}}}
  /basic: {get: {operationId: basic, security: [{basic: []}], responses: {'200': {description: ok}}}}
components:
  securitySchemes:
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: session}
    basic: {type: http, scheme: basic}
"""
# What the client of these tests logs of its own requests.
CLIENTS: Final = ("httpx2", "httpcore2")
START: Final = "/v1/workflows/{}/invoke/async"


@dataclass(frozen=True, slots=True)
class Place:
    """Something that was told, and where."""

    name: str
    text: str


def leaks(places: list[Place]) -> list[tuple[str, str]]:
    """Return each place in which a secret stands, with the secret."""
    return [
        (place.name, secret)
        for place in places
        for secret in SECRETS
        if secret in place.text or quote(secret, safe="") in place.text
    ]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[Place]]]:
    """Give all that is logged from here on, by whomever, with what a JSON log would tell of it."""
    formatter = logging.Formatter()
    with caplog.at_level(logging.DEBUG):
        yield lambda: [
            Place(f"log of {record.name}", f"{formatter.format(record)} {vars(record)}")
            for record in caplog.records
            if not record.name.startswith(CLIENTS)
        ]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    settings = Settings(port=0, clock="auto", token=TOKEN, scenarios=(tmp_path,), log_level="debug")
    with ThreadedServer(settings) as running:
        yield running.base_url


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "doors.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    with ThreadedServer(Settings(port=0, spec=path, token=TOKEN)) as running:
        yield running.base_url


def errors_of(client: httpx2.Client) -> list[Place]:
    """Ask for what is answered with an error, by every way there is, and return the answers."""
    start, broken = START.format("approval"), START.format("broken")
    asked: list[tuple[int, str, str, dict[str, Any]]] = [
        (422, "POST", start, {"json": {**BODY, "input": None}}),
        (422, "POST", start, {"json": {name: value for name, value in BODY.items() if name != "input"}}),
        (422, "POST", start, {"json": {**BODY, "user_tokens": USER_TOKEN, "user_oidc_token": [OIDC]}}),
        (422, "POST", start, {"content": json.dumps(BODY)[:-1], "headers": {"content-type": "application/json"}}),
        (415, "POST", start, {"data": {"user_oidc_token": OIDC}}),
        (404, "GET", "/v1/tasks/nothing", {}),
        (404, "POST", "/v1/nowhere", {"json": BODY, "params": {"token": ADDRESS_TOKEN, "api_key": QUERY_KEY}}),
        (405, "PUT", "/v1/tasks", {"json": BODY}),
        (401, "GET", "/v1/tasks", {"headers": {"x-api-key": ""}}),
        (503, "POST", start, {"json": BODY, "headers": {"prefer": "fault=unavailable"}}),
        (400, "POST", start, {"json": BODY, "headers": {"prefer": "fault=unknown"}}),
        (500, "POST", broken.removesuffix("/async"), {"json": BODY}),
    ]
    places = []
    for status, method, path, sent in asked:
        answer = client.request(method, path, **sent)
        assert answer.status_code == status, (method, path, answer.text)
        places.append(Place(f"{status} of {method} {path}", f"{answer.text} {answer.headers}"))
    return places


def work(client: httpx2.Client) -> str:
    """Do what succeeds: start, poll, list, stream, update, spoil. Return the id of a task."""
    task_id: str = client.post(START.format("approval"), json=BODY).json()["id"]
    client.get(f"/v1/tasks/{task_id}", params={"token": ADDRESS_TOKEN, "access_token": QUERY_KEY})
    client.get("/v1/tasks")
    with client.stream("POST", "/v1/workflows/completed/invoke/stream", json=BODY) as stream:
        stream.read()
    worked: str = client.post(START.format("external_worker"), json=BODY).json()["id"]
    updated = client.patch(f"/agent-execution/{worked}/update", json={**BODY, "status": "executing"})
    assert updated.status_code == 200, updated.text
    for fault in ("truncated", "malformed", "garbage"):
        with pytest.raises(httpx2.HTTPError) if fault == "truncated" else _quietly():
            client.post(START.format("completed"), json=BODY, headers={"prefer": f"fault={fault}"})
    return task_id


class _quietly:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def told_by_control(url: str) -> list[Place]:
    """Return all that the control API and the pages tell, of the namespaces that hold anything."""
    places = []
    bearer = {"authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(base_url=f"{url}/__emulator", headers=bearer, timeout=10) as control:
        for name in [item["name"] for item in control.get("/namespaces").json()["items"]]:
            query = {"namespace": name}
            listed = control.get("/requests", params={**query, "per_page": 100}).json()["items"]
            tasks = control.get("/tasks", params=query).json()["items"]
            paths = ["/requests", "/requests/unmatched", "/info", "/tasks", "/faults", "/clock", "/namespaces"]
            paths += [f"/requests/{item['id']}" for item in listed] + [f"/tasks/{item['id']}" for item in tasks]
            for path in paths:
                answer = control.get(path, params={**query, **({"per_page": 100} if path == "/requests" else {})})
                assert answer.status_code == 200 or "broken.yaml" in answer.text, (path, answer.text)
                places.append(Place(path, answer.text))
            for wanted in (
                {"headers": {"x-api-key": "other", "authorization": "other"}, "operation": "getTask"},
                {"body": {"user_oidc_token": "other", "input.text": "other"}, "status": 200},
                {"query": {"token": "other", "key": "other"}, "method": "GET"},
            ):
                answer = control.post("/requests/find", params=query, json=wanted)
                assert answer.status_code == 200, answer.text
                places.append(Place(f"near misses of {wanted}", answer.text))
    return places


def told_by_pages(url: str) -> list[Place]:
    """Return what the pages and the control API tell whoever has a wrong token, or the right one."""
    places = []
    with httpx2.Client(base_url=f"{url}/__emulator", timeout=10) as stranger:
        for path, status in (
            (f"/?token={WRONG_TOKEN}", 401),
            (f"/docs?token={WRONG_TOKEN}", 401),
            (f"/?token={TOKEN}", 303),
            (f"/decision/{TOKEN}", 404),
            (f"/nothing?token={TOKEN}", 404),
            (f"/tasks?token={TOKEN}", 401),
        ):
            answer = stranger.get(path, headers={"cookie": f"session={COOKIE}"})
            assert answer.status_code == status, (path, answer.text)
            named_by_path = f"'{TOKEN}'" if path.startswith("/decision/") else ""
            places.append(Place(path[:12], f"{answer.text} {answer.headers}".replace(named_by_path or "\0", "")))
        stranger.headers["authorization"] = f"Bearer {WRONG_TOKEN}"
        places.append(Place("control", stranger.get("/tasks").text))
        stranger.headers["authorization"] = f"Bearer {TOKEN}"
        places += [Place(path, stranger.get(path).text) for path in ("/", "/docs", "/info", "/openapi.json")]
    return places


def told_by_commands(url: str, task_id: str) -> list[Place]:
    """Return what the command line prints."""
    places = []
    shared_options = ("--url", url, "--key", KEY, "--token", TOKEN)
    for command in (
        ("tasks", "show", task_id),
        ("tasks", "show", task_id, "-o", "json"),
        ("tasks", "list"),
        ("requests", "list"),
        ("requests", "show", "1"),
        ("requests", "show", "1", "-o", "json"),
        ("requests", "show", "4"),
        ("requests", "unmatched"),
        ("requests", "explain", "1"),
        ("verify", "--operation", "invokeWorkflowAsync", "--body", '{"user_oidc_token": "other"}'),
    ):
        result = CliRunner().invoke(main, [*command, *shared_options])
        places.append(Place(" ".join(command), result.output))
    return places


def test_no_secret_is_told_of_what_succeeds_and_fails(served: str, log: Callable[[], list[Place]]) -> None:
    with httpx2.Client(base_url=served, headers=HEADERS, timeout=10) as client:
        task_id = work(client)
        errors = errors_of(client)

    places = [
        *errors,
        *told_by_control(served),
        *told_by_pages(served),
        *told_by_commands(served, task_id),
        *log(),
    ]

    assert leaks(places) == []
    assert {"log of emulator.requests", "log of emulator", "/info", "/requests/1", "tasks show"} <= {
        place.name.removesuffix(f" {task_id}") for place in places
    }
