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
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.cli.test_serve import INFO
from tests.contract.samples import ours
from tests.profiles import examples
from tests.testkit.suites import Suite
from tests.web.api_client import Api, shared
from xpander_emulator.cli import main
from xpander_emulator.cli.serve import banner
from xpander_emulator.common.redaction import PROPERTIES, REDACTED
from xpander_emulator.journal.port import MOST_OF_A_BODY
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings
from xpander_emulator.web.auth import derived_namespace

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
    "input": {
        "text": "Refund order 1042",
        "user": {"email": "a@b.c", "user_tokens": {"deep": [{"deeper": USER_TOKEN}]}},
    },
    "user_tokens": {"github": {"access": USER_TOKEN}},
    "user_oidc_token": OIDC,
    "mcp_servers": [
        {"url": "http://127.0.0.1:1", "headers": {"Authorization": f"Bearer {BEARER}"}, "api_key": QUERY_KEY}
    ],
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
URL: Final = "http://127.0.0.1:4020"
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
    choices = Settings(port=0, clock="auto", token=TOKEN, scenarios=(tmp_path,), log_level="debug")
    with ThreadedServer(choices) as running:
        yield running.base_url


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "doors.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    with ThreadedServer(Settings(port=0, spec=path, token=TOKEN)) as running:
        yield running.base_url


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    return Suite(pytester, monkeypatch)


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
    for fault in ("malformed", "garbage"):
        client.post(START.format("completed"), json=BODY, headers={"prefer": f"fault={fault}"})
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post(START.format("completed"), json=BODY, headers={"prefer": "fault=truncated"})
    return task_id


def told_by_feed(url: str, client: httpx2.Client) -> list[Place]:
    """Return what whoever follows is told of a start, an update and a request that fails."""
    query = {"namespace": derived_namespace(KEY)}
    with (
        httpx2.Client(base_url=url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=10) as control,
        control.stream("GET", "/__emulator/events", params=query) as followed,
    ):
        worked = client.post(START.format("external_worker"), json=BODY).json()["id"]
        client.patch(f"/agent-execution/{worked}/update", json={**BODY, "status": "executing"})
        client.post(f"/v1/nowhere?token={ADDRESS_TOKEN}", json=BODY)
        told = []
        for line in followed.iter_lines():
            told.append(line)
            if "/v1/nowhere" in line:
                return [Place("/events", "\n".join(told))]
    raise AssertionError(told)


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
            paths += ["/export", "/coverage", "/conduct"]
            paths += [f"/requests/{item['id']}" for item in listed] + [f"/tasks/{item['id']}" for item in tasks]
            for path in paths:
                answer = control.get(path, params={**query, **({"per_page": 100} if path == "/requests" else {})})
                assert answer.status_code == 200 or "broken.yaml" in answer.text, (path, answer.text)
                places.append(Place(path, answer.text))
            if waiting := [item["id"] for item in tasks if "stop" in item["waits_for"]]:
                sent = {"signal": "stop", "payload": {"api_key": QUERY_KEY, "parcel": 7}}
                answer = control.post(f"/tasks/{waiting[0]}/signals", params=query, json=sent)
                assert answer.json()["signals"][-1]["payload"] == {"api_key": REDACTED, "parcel": 7}
                places.append(Place("signal", answer.text))
            for wanted in (
                {"headers": {"x-api-key": "other", "authorization": "other"}},
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
            (f"/nothing?token={TOKEN}", 404),
            (f"/tasks?token={TOKEN}", 401),
        ):
            answer = stranger.get(path, headers={"cookie": f"session={COOKIE}"})
            assert answer.status_code == status, (path, answer.text)
            places.append(Place(path.partition("?")[0], f"{answer.text} {answer.headers}"))
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
        places = [*errors_of(client), *told_by_feed(served, client)]

    places += [
        *told_by_control(served),
        *told_by_pages(served),
        *told_by_commands(served, task_id),
        *log(),
    ]

    assert leaks(places) == []
    assert {
        "log of xpander_emulator.requests",
        "log of xpander_emulator",
        "/events",
        "/info",
        "/requests/1",
        "/export",
        "signal",
        "tasks show",
    } <= {place.name.removesuffix(f" {task_id}") for place in places}


def test_no_credential_of_another_contract_is_told(foreign: str, log: Callable[[], list[Place]]) -> None:
    with httpx2.Client(base_url=foreign, timeout=10, headers={"accept": "*/*"}) as client:
        body = {"user_tokens": {"a": USER_TOKEN}, "list": [{"password": OIDC}]}
        answers = [
            client.post("/query", params={"key": QUERY_KEY}, json=body),
            client.post("/query", params={"key": "k"}, json=body),
            client.post("/query", params={"token": ADDRESS_TOKEN}),
            client.get("/cookie", headers={"cookie": f"session={COOKIE}"}),
            client.get("/basic", headers={"authorization": f"Basic {BASIC}"}),
            client.get("/basic", headers={"authorization": f"Bearer {BEARER}"}),
        ]

    places = [Place(f"{each.status_code} {each.text}"[:30], f"{each.text} {each.headers}") for each in answers]

    assert [each.status_code for each in answers] == [422, 422, 401, 200, 200, 401]
    assert answers[0].text.count(REDACTED) >= 3
    assert leaks([*places, *told_by_control(foreign), *log()]) == []


def test_neither_the_banner_nor_doctor_nor_a_wrong_flag_tells_a_key_or_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("emulator.toml").write_text(f'token = "{TOKEN}"\napi_key = ["{KEY}=team", "{QUERY_KEY}"]\n', encoding="utf-8")
    commands = (
        ("doctor",),
        ("doctor", "-o", "json"),
        ("serve", "--api-key", f"{KEY}=a", "--api-key", f"{KEY}=b"),
        ("serve", "--port", "19016"),
        ("tasks", "list", "--url", "http://127.0.0.1:1", "--key", KEY, "--token", TOKEN),
        ("tasks", "list", "--key", KEY, "--namespace", "team"),
    )

    told = [Place(" ".join(each[:2]), CliRunner().invoke(main, each).output) for each in commands]
    choices = Settings(token=TOKEN, api_keys=((KEY, "team"), (QUERY_KEY, None)))

    assert leaks([*told, Place("repr", repr(choices)), Place("banner", banner(URL, choices, INFO, ours()))]) == []
    assert all(place.text for place in told)


def test_a_failing_test_tells_no_credential(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.write(
        "test_it.py",
        f"""
        import logging
        import httpx2
        import pytest
        from xpander_emulator.settings import Settings
        from xpander_emulator.testkit import DEFAULTS
        from dataclasses import replace

        @pytest.fixture(scope="session")
        def emulator_settings():
            return replace(DEFAULTS, token="{TOKEN}")

        def test_it(emulator, emulator_settings, emulator_server):
            headers = {{"x-api-key": emulator.api_key, "cookie": "a={COOKIE}"}}
            with httpx2.Client(base_url=emulator.base_url, headers=headers) as client:
                for name in ("approval", "external_worker", "completed"):
                    client.post(f"/v1/workflows/{{name}}/invoke/stream" if name == "completed"
                                else f"/v1/workflows/{{name}}/invoke/async", json={BODY!r})
                client.get("/v1/tasks?token={ADDRESS_TOKEN}")
            logging.getLogger("test").warning("%r %r %r", emulator, emulator_server, emulator_settings)
            assert emulator.tasks == ()
        """,
    )

    # What httpx2 logs of the test's own requests is not ours to keep silent.
    result = suite.run("--log-level=DEBUG", "--tb=line", "--log-disable=httpx2", "--log-disable=httpcore2.connection")

    result.assert_outcomes(failed=1)
    told = result.stdout.str()
    assert "Tasks of the emulator" in told
    assert "xpander_emulator.requests" in told
    assert leaks([Place("report", told)]) == []


MARK: Final = "the-mark-of-a-credential"
NAMES: Final = st.sampled_from(["input", "text", "loc", "detail", "token"])
HIDDEN: Final = st.builds(
    lambda name, value: {name: value},
    st.sampled_from(sorted(PROPERTIES)),
    st.sampled_from([MARK, [MARK], {"a": MARK}, [{"input": {"b": MARK}}]]),
)
BODIES: Final = st.recursive(
    st.one_of(HIDDEN, st.sampled_from([None, 7, "", "hello"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
).map(lambda rest: {"input": {"text": "Go"}, "payload_extension": {"rest": rest}})


def escaped(text: str) -> str:
    """Return JSON whose names are spelt with escapes, as a program may that sends plain ASCII."""
    for name in PROPERTIES:
        text = text.replace(f'"{name}"', '"' + "".join(f"\\u{ord(each):04X}" for each in name) + '"')
    return text


@examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=BODIES,
    broken=st.sampled_from([None, {"input": 5}, {"title": 5}, {"mcp_servers": 5}, {"user_oidc_token": [MARK]}]),
    spelt=st.sampled_from([str, escaped]),
    padding=st.sampled_from([0, MOST_OF_A_BODY]),
    cut=st.integers(0, 3),
)
async def test_a_body_is_told_without_its_credentials_whatever_becomes_of_it(
    body: dict[str, Any], broken: dict[str, Any] | None, spelt: Callable[[str], str], padding: int, cut: int
) -> None:
    client = Api(shared("manual"), "credentials")
    content = spelt(json.dumps({"title": "x" * padding} | body | (broken or {})))

    answer = await client.http.post(
        START.format("approval"),
        content=content[: len(content) - cut],
        headers={"content-type": "application/json", "prefer": "fault=unavailable" if broken is None else ""},
    )

    number = answer.headers["x-emulator-request"]
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=client.app), base_url="http://127.0.0.1/__emulator"
    ) as control:
        query = {"namespace": client.namespace}
        shown = (await control.get(f"/requests/{number}", params=query)).text
        listed = (await control.get("/requests", params={**query, "per_page": 1})).text
        wanted = {"body": {"payload_extension.rest": "other"}, "operation": "invokeWorkflowAsync", "path": "/v1/*"}
        near = (await control.post("/requests/find", params=query, json=wanted)).text
        await control.post("/reset", params=query)
    assert MARK not in answer.text + shown + listed + near
    assert answer.status_code in (422, 503)
