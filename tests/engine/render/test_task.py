from typing import Any

import orjson
import pytest

from tests.engines import contract, make_engine, start
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.core.timeline import Pause
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BadRequest, BrokenPromise
from xpander_emulator.scenario.compile import compile_document
from xpander_emulator.scenario.selection import Catalogue
from xpander_emulator.settings import Runnable

ENGINE = make_engine()
RENDERER = ENGINE.renderer
FIRST, PAUSED = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:01.100000Z"


async def state(engine: Engine, runs: str, at: int, **request: Any) -> TaskState:
    """Return the state of task `t` some ms after its start."""
    await engine.start("ns", start(runs, id="t", **request))
    await engine.advance("ns", at)
    return await engine.task_states.get("ns", "t")


def playing(steps: str) -> Engine:
    """Return an engine with one scenario, `mine`."""
    document = parse_document(f"scenario: mine\nsteps:\n{steps}", "mine.yaml")
    engine = make_engine()
    engine.adopt(Catalogue([compile_document(document, contract())]))
    return engine


async def test_a_task_has_the_properties_of_the_contract_in_its_order_and_what_the_request_says() -> None:
    task_state = await state(make_engine(), "approval", 0, title="Mine", output_format="markdown", source=None)

    body = RENDERER.task(task_state)

    schema = contract().document["components"]["schemas"]["AgentExecution"]
    assert list(body) == list(schema["properties"])
    assert (body["title"], body["output_format"], body["source"]) == ("Mine", "markdown", "api")


async def test_the_facts_of_a_task_follow_from_its_history() -> None:
    engine = make_engine()
    body = RENDERER.task(await state(engine, "approval", 1_100, parent_execution_id="p"))

    assert (body["id"], body["agent_id"], body["parent_execution"]) == ("t", "approval", "p")
    assert (body["status"], body["created_at"], body["paused_at"]) == ("paused", FIRST, PAUSED)
    assert (body["finished_at"], body["is_manually_stopped"], body["is_orchestration"]) == (None, False, True)

    stopped = RENDERER.task((await engine.signal("ns", "t", "stop")).task_state)

    assert (stopped["status"], stopped["finished_at"], stopped["is_manually_stopped"]) == ("stopped", PAUSED, True)


async def test_what_a_client_says_of_a_fact_is_not_believed() -> None:
    body = RENDERER.task(await state(make_engine(), "approval", 0, status="completed", created_at="1999"))

    assert (body["status"], body["created_at"]) == ("pending", FIRST)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"first_name": "Ann", "last_name": "Lee", "email": "a@b.c"}, "Ann Lee"),
        ({"last_name": "Lee", "email": "a@b.c"}, "Lee"),
        ({"email": "a@b.c"}, "a@b.c"),
    ],
)
async def test_a_user_is_displayed_by_name_or_else_by_address(user: dict[str, str], name: str) -> None:
    body = RENDERER.task(await state(make_engine(), "approval", 0, input={"text": "Hi", "user": user}))

    assert body["input"]["user"]["display_name"] == name


async def test_a_pause_shows_the_client_what_the_contract_declares_and_a_person_all_of_it() -> None:
    task_state = await state(make_engine(), "approval", 1_100)

    assert RENDERER.task(task_state)["hitl_request"] == {"wait_node_id": "manager-approval"}
    assert RENDERER.pause_details(task_state) == {
        "wait_node_id": "manager-approval",
        "title": "Refund for <name>",
        "content": "Refund order 1042",
    }


async def test_a_pause_shows_the_client_nothing_that_the_contract_does_not_declare() -> None:
    task_state = await state(make_engine(), "approval", 1_100)
    pause = Pause("hitl", "hitl_request", {"wait_node_id": "n", "later": "x"})

    body = RENDERER.task(task_state._replace(snapshot=task_state.snapshot._replace(pause=pause)))

    assert body["hitl_request"] == {"wait_node_id": "n"}


@pytest.mark.parametrize(("source", "shown"), [("sdk", "sdk"), (None, "api")])
async def test_the_source_is_what_the_client_says_and_the_api_else(source: str | None, shown: str) -> None:
    assert RENDERER.task(await state(make_engine(), "approval", 0, source=source))["source"] == shown


async def test_a_task_that_is_not_paused_shows_nobody_a_pause() -> None:
    task_state = await state(make_engine(), "approval", 0)

    assert RENDERER.task(task_state)["hitl_request"] is None
    assert RENDERER.pause_details(task_state) == {}


async def test_a_credential_is_asked_for_with_a_link_to_the_page_of_the_emulator() -> None:
    task_state = await state(make_engine(), "connector_authorization", 60_000)

    link = RENDERER.task(task_state)["pending_eca_request"]["auth_url"]
    login = RENDERER.authorization(task_state, task_state.snapshot, "login_required")

    assert link == "http://emulator/consent/t"
    assert login == {
        "type": "login_required",
        "data": {"url": link, "server_url": link, "server_name": "Google Drive"},
    }
    assert RENDERER.authorization(task_state, task_state.snapshot, "token_ready") == {
        "type": "token_ready",
        "data": {"access_token": "REDACTED"},
    }


@pytest.mark.parametrize(
    ("output_format", "result"),
    [("text", '{"sum":249}'), ("json", '{"sum":249}'), (None, '{"sum":249}')],
)
async def test_a_result_that_is_an_object_is_sent_as_json_text(output_format: str | None, result: str) -> None:
    engine = playing("  - {status: completed, result: {sum: 249}}\n")

    assert RENDERER.task(await state(engine, "mine", 0, output_format=output_format))["result"] == result


async def test_a_text_is_wrapped_where_the_client_asked_for_json() -> None:
    engine = playing("  - {status: completed, result: Done}\n")

    body = RENDERER.task(await state(engine, "mine", 0, output_format="json"))

    assert orjson.loads(body["result"]) == {"result": "Done"}


async def test_the_sum_of_the_tokens_is_their_sum_whatever_the_scenario_says() -> None:
    engine = playing(
        "  - {status: completed, set: {tokens: {prompt_tokens: 3, completion_tokens: 4, total_tokens: 1}}}\n"
    )

    tokens = RENDERER.task(await state(engine, "mine", 0))["tokens"]

    assert (tokens["prompt_tokens"], tokens["completion_tokens"], tokens["total_tokens"]) == (3, 4, 7)


BROKEN = '  - {status: executing, after: 1s}\n  - {status: completed, result: "{{ 1 / 0 }}", set: {title: Mine}}\n'


async def test_a_template_that_fails_breaks_the_task_and_in_part_its_property_alone() -> None:
    task_state = await state(playing(BROKEN), "mine", 1_000)

    with pytest.raises(BrokenPromise, match=r"division by zero\. See mine\.yaml:4\.$"):
        RENDERER.task(task_state)

    for body in (RENDERER.task_in_part(task_state), RENDERER.task_or_part(task_state)):
        assert (body["result"], body["title"], body["status"]) == (None, "Mine", "completed")


async def test_a_request_that_no_client_could_have_sent_leaves_the_facts(caplog: pytest.LogCaptureFixture) -> None:
    task_state = await state(make_engine(), "approval", 0)
    turn = task_state.turn._replace(request=b'{"input": 7}')

    body = RENDERER.task_or_part(task_state._replace(turn=turn))

    assert (body["id"], body["status"]) == ("t", "pending")
    assert "Task 't' is shown without its request: " in caplog.text


async def test_an_item_of_a_list_is_a_summary_of_the_task() -> None:
    request = {"text": "Hi", "user": {"id": "u1", "email": "a@b.c"}}
    task_state = await state(make_engine(), "approval", 1_100, input=request, parent_execution_id="p", title="Mine")

    assert RENDERER.list_item(task_state, RENDERER.task(task_state)) == {
        "id": "t",
        "agent_id": "approval",
        "user_id": "u1",
        "parent_task_id": "p",
        "triggering_agent_id": None,
        "organization_id": "00000000-0000-4000-8000-000000000000",
        "status": "paused",
        "created_at": FIRST,
        "updated_at": PAUSED,
        "source_node_type": "api",
        "result": None,
        "title": "Mine",
    }


async def test_a_sub_task_is_started_with_its_parent_in_its_request() -> None:
    task_state = await state(make_engine(), "approval", 0)

    request = RENDERER.request_of_sub_task(task_state, {"input": {"text": "Pay"}}, "/sub_tasks/0")

    assert request == {"input": {"text": "Pay"}, "parent_execution_id": "t", "triggering_agent_id": "approval"}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (
            {"status": "done"},
            r"'done' is not a status; a task is pending, executing, paused, error, failed, completed, stopped\.",
        ),
        ({"status": "pausd"}, r"'pausd' is not a status; .*stopped\. Did you mean 'paused'\?"),
        ({"titel": "x"}, r"An update cannot set 'titel'; .* could\. Did you mean 'title'\?"),
        ({"created_at": "now"}, r"An update cannot set 'created_at'; .* could.*"),
        ({"title": 7}, r"An update cannot set 'title' to 7: Input should be a valid string\."),
    ],
)
def test_an_update_with_an_unknown_name_or_a_wrong_value_is_refused(payload: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=f"^{message}$"):
        RENDERER.check_update(payload)


def test_an_update_of_a_status_and_of_properties_that_a_scenario_could_set_passes() -> None:
    RENDERER.check_update({"status": "paused", "title": "Mine", "result": None})


def test_a_runnable_has_its_own_words_and_the_rest_from_the_contract() -> None:
    runnable = RENDERER.runnable(Runnable("workflow", "refund", "Refunds", "Pays out."), "http://emulator")

    assert (runnable["id"], runnable["name"], runnable["description"]) == ("refund", "Refunds", "Pays out.")
    assert (runnable["type"], runnable["created_at"]) == ("orchestration", FIRST)
    assert runnable["webhook_url"].startswith("http://emulator/?agent_id=refund")
