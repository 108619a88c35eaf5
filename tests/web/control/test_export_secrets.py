"""An export holds nothing that opens doors, and nothing of it is told of a file that does not fit."""

import json
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.web.api_client import Api, Json, api, shared
from xpander_emulator.cli.namespace import as_text
from xpander_emulator.clock import Clock
from xpander_emulator.common.redaction import PROPERTIES, REDACTED, credentials_in
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis, Step, Timeline
from xpander_emulator.store.codec.facts import FACTS
from xpander_emulator.store.export import from_document, to_document
from xpander_emulator.store.port import Contents, Task

NOW = Millis(1_000)
MANUAL = Clock("manual", NOW, NOW)
NO_FACTS = {fact: fact.initial for fact in FACTS}
TURN = Turn(Timeline("t", (Step("end", Status.COMPLETED),)), "wf", b"{}", 7, NOW)

SECRET = "the-mark-of-a-secret"
OWNED: Json = {
    "input": {"text": "Refund", "user": {"email": "a@b.c", "user_tokens": {"deep": [{"deeper": SECRET}]}}},
    "user_tokens": {"github": {"access": SECRET, "count": 7, "is_fresh": True, "none": None}},
    "user_oidc_token": SECRET,
    "mcp_servers": [{"url": "http://127.0.0.1:1", "headers": {"Authorization": f"Bearer {SECRET}"}, "API_KEY": SECRET}],
    "payload_extension": {"password": 1234, "cookie": "", "text": "my password: guess"},
}
# What a story makes of a credential it makes of what is left of it.
QUOTING = """
scenario: quoting
steps:
  - status: pending
    after: 1s
    sub_tasks: [{workflow_id: completed, user_oidc_token: "{{ request.user_oidc_token }}", input: {text: Hi}}]
  - id: ask
    status: paused
    hitl: {wait_node_id: manager}
    set: {internal_status: "{{ request.user_oidc_token }}"}
    on: {approve: done}
  - {id: done, status: completed, result: "{{ request.user_tokens.github.access[:9] }}"}
"""


async def control(client: Api, method: str, path: str, **sent: Any) -> httpx2.Response:
    return await client.http.request(method, f"/__emulator{path}", headers={"host": "127.0.0.1"}, **sent)


async def exported(client: Api) -> str:
    answer = await control(client, "GET", "/export")
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.fixture
async def owned(tmp_path: Path) -> Api:
    """A namespace to which credentials were sent in every way that is kept."""
    (tmp_path / "quoting.yaml").write_text(QUOTING, encoding="utf-8")
    client = api(f"key-{SECRET}", scenarios=(tmp_path,), token=f"token-{SECRET}")
    client.http.headers.update({"authorization": f"Bearer token-{SECRET}", "cookie": f"session={SECRET}"})
    first = await client.start("quoting", **OWNED)
    await client.start("connector_authorization", id="link", **OWNED)
    worked = await client.start("external_worker", id="worked", **OWNED)
    news = {"status": "executing", "user_tokens": {"new": SECRET}, "payload_extension": {"deep": {"api_key": SECRET}}}
    updated = await client.http.patch("/agent-execution/worked/update", json={**worked, **news})
    assert updated.json()["user_tokens"] == {"new": SECRET}
    await client.advance(100_000)
    decided = {"reason": "fine", "approved_by": "ann", "access_token": SECRET, "more": [{"Set-Cookie": SECRET}]}
    assert (await client.http.post(f"/hitl/{first['id']}/approve", json=decided)).status_code == 200
    await client.start("quoting", id=first["id"], **OWNED)
    faults = [{"status": 503, "operation": "listTasks", "nth": 900}]
    assert (await control(client, "PUT", "/faults", json={"faults": faults})).status_code == 200
    return client


async def test_an_export_holds_no_key_token_header_or_link(owned: Api) -> None:
    link = (await owned.task("link"))["pending_eca_request"]["auth_url"]

    document = await exported(owned)

    assert document.count(REDACTED) > 20
    assert SECRET not in document + as_text(json.loads(document))
    assert "/consent/" in link
    assert link.rpartition("/")[2] not in document


async def test_a_task_goes_on_elsewhere_without_its_credentials(owned: Api, tmp_path: Path) -> None:
    document = await exported(owned)
    other = api("another key", scenarios=(tmp_path,))

    answer = await control(other, "POST", "/import", json=json.loads(document))

    assert answer.status_code == 200, answer.text
    assert await exported(other) == document
    await other.advance(100_000)
    tasks = {task_id: await other.task(task_id) for task_id in await other.listed()}
    assert SECRET not in json.dumps(tasks)
    assert tasks["worked"]["user_tokens"] == {"new": REDACTED}
    link = tasks["link"]
    assert link["user_tokens"] == {"github": {"access": REDACTED, "count": 0, "is_fresh": True, "none": None}}
    assert link["user_oidc_token"] == REDACTED
    assert link["payload_extension"] == {"password": 0, "cookie": "", "text": "my password: guess"}
    assert link["mcp_servers"][0]["url"] == "http://127.0.0.1:1"
    [quoting] = [task for task in tasks.values() if task["status"] == "paused" and task["agent_id"] == "quoting"]
    assert quoting["internal_status"] == REDACTED


async def test_what_was_sent_stays_with_the_task_itself(owned: Api) -> None:
    await exported(owned)

    assert (await owned.task("link"))["user_tokens"] == OWNED["user_tokens"]


NAMES = st.sampled_from(["input", "text", "token", *PROPERTIES, *map(str.title, PROPERTIES)])
REQUESTS = st.dictionaries(
    NAMES,
    st.recursive(
        st.one_of(st.sampled_from([None, 7, 1.5, True, "", SECRET]), st.text(max_size=5)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
        max_leaves=8,
    ),
    max_size=3,
)


@given(request=REQUESTS, payload=REQUESTS, as_ascii=st.booleans())
def test_whatever_was_sent_comes_back_in_its_shape_without_credentials(
    request: Json, payload: Json, as_ascii: bool
) -> None:
    raw = json.dumps(request, ensure_ascii=as_ascii).encode()
    turn = TURN._replace(request=raw).after(Signal(TURN.starts_at, "stop", payload=payload))

    document = to_document(Contents((Task("a", 0, (turn,)),), 1, NO_FACTS), MANUAL, NOW)

    [told] = document["tasks"][0]["turns"]
    for before, after in ((request, json.loads(told["request"])), (payload, told["signals"][0].get("payload", {}))):
        assert SECRET not in [*credentials_in(after)]
        assert {*credentials_in(after)} <= {"", REDACTED}
        assert shape(after) == shape(before)
    assert to_document(from_document(document, NOW), MANUAL, NOW) == document


def shape(value: Any) -> Any:
    """Return a value with the kind of each of its leaves in place of it."""
    match value:
        case dict():
            return {name: shape(item) for name, item in value.items()}
        case list():
            return [shape(item) for item in value]
        case float():
            return int
        case _:
            return type(value)


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each member of a document."""
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*way, name)
        if isinstance(item, dict | list):
            yield from places(item, (*way, name))


@examples(100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_what_is_said_of_a_file_that_does_not_fit_tells_nothing_that_opens_doors(
    owned: Api, data: st.DataObject
) -> None:
    document = json.loads(await exported(owned))
    # As somebody else may have written it.
    for turn in (turn for task in document["tasks"] for turn in task["turns"]):
        turn["request"] = json.dumps(OWNED)
        turn["signals"] = [{"at": turn["born"], "kind": "update", "payload": OWNED}]
    *way, last = data.draw(st.sampled_from([each for each in places(document) if "payload" not in each]))
    place = reduce(getitem, way, document)
    spoil = data.draw(st.sampled_from(["remove", "wrap", "replace"]))
    if spoil == "remove":
        del place[last]
    else:
        place[last] = [place[last]] if spoil == "wrap" else data.draw(st.sampled_from([None, 5, "5", [], {}]))

    answer = await control(
        Api(shared("manual"), "spoilt"), "POST", "/import", json=document, params={"replace": "true"}
    )

    assert SECRET not in answer.text


async def test_a_file_that_does_not_fit_is_told_without_the_credentials_in_it(owned: Api) -> None:
    document = json.loads(await exported(owned))
    document["tasks"][0]["turns"][0]["request"] = json.dumps(OWNED)
    del document["tasks"][0]["ordinal"]

    answer = await control(api(), "POST", "/import", json=document)

    assert answer.status_code == 422
    [violation] = answer.json()["violations"]
    told = violation["input"]["turns"][0]["request"]
    assert told == f'{{"input": {{"text": "Refund", "user": {{"email": "a@b.c", "user_tokens {REDACTED}'
