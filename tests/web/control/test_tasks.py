"""The control API over the whole application, in process, on clocks that stand."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx2
import pytest

from tests.contract.samples import schema_at
from xpander_emulator import __version__
from xpander_emulator.common import resources
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.contract.request.message_validation import ResponseChecker, body_is_acceptable
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.status import Status
from xpander_emulator.engine.engine import RESET_SCOPES
from xpander_emulator.settings import CLOCK_MODES, Settings
from xpander_emulator.web.app import Application, control_handlers, create_app
from xpander_emulator.web.auth import derived_namespace
from xpander_emulator.web.control.contract import control_contract
from xpander_emulator.web.pages.links import Links

BASE = "http://127.0.0.1:4020"
CONTROL = "/__emulator"
NOW = "2026-01-01T00:00:00.000000Z"
SETTINGS = Settings(clock="manual")


@pytest.fixture(scope="module")
def app() -> Application:
    return create_app(SETTINGS)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract(resources.CONTROL_CONTRACT, check_behaviours=False)


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """Every test has a namespace of its own."""
    return str(request.node.name)


async def test_who_does_not_ask_the_control_api_does_not_wait_for_its_contract() -> None:
    control_contract.cache_clear()
    app = create_app(SETTINGS)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE) as client:
        await client.get("/v1/workflows", headers={"x-api-key": "key"})
        before = control_contract.cache_info().currsize
        answer = await client.get(f"{CONTROL}/health")

    assert (before, answer.json()) == (0, {"status": "ok"})


@pytest.fixture
async def client(app: Application, key: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with speaking_to(app, {"x-api-key": key}) as client:
        yield client


def speaking_to(app: Application, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE, headers=headers)


async def started(client: httpx2.AsyncClient, workflow_id: str, key: str = "", **body: Any) -> str:
    """Start a task by the emulated API and return its id."""
    answer = await client.post(
        f"/v1/workflows/{workflow_id}/invoke/async",
        json={"input": {"text": "A refund"}, **body},
        headers={"x-api-key": key} if key else {},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def paused(client: httpx2.AsyncClient) -> str:
    """Start a task and take it to its pause."""
    task_id = await started(client, "approval")
    answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "paused"})
    assert answer.status_code == 200, answer.text
    return task_id


def problem(answer: httpx2.Response, status: int) -> str:
    """Return what a problem says, once it is one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:xpander-emulator:")
    return str(body["detail"])


class TestContract:
    def test_every_operation_has_a_handler_and_every_handler_an_operation(
        self, app: Application, contract: Contract
    ) -> None:
        handlers = control_handlers(app.engine, app.contract, app.reports, Links(SETTINGS, bytes), None)

        assert sorted(handlers) == sorted(operation.behaviour["action"] for operation in contract.operations)

    def test_every_operation_says_that_it_is_our_own(self, contract: Contract) -> None:
        assert {operation.behaviour["source"] for operation in contract.operations} == {"extension"}

    def test_every_answer_has_an_example_that_keeps_the_contract(self, contract: Contract) -> None:
        checker = ResponseChecker(contract, strict=True)

        assert not list(broken_examples(contract, checker))

    def test_every_body_has_an_example(self, contract: Contract) -> None:
        bodies = [operation.body for operation in contract.operations if operation.body]

        assert bodies
        assert all(media.examples for body in bodies for media in body.content.values())

    def test_every_operation_with_a_body_refuses_what_is_no_json(self, contract: Contract) -> None:
        taking = [operation for operation in contract.operations if operation.body]

        assert not any(body_is_acceptable(operation, "text/plain", b"x") for operation in taking)
        assert all({"413", "415", "422"} <= operation.responses.keys() for operation in taking)

    @pytest.mark.parametrize(
        ("name", "known"), [("Status", tuple(Status)), ("ClockMode", CLOCK_MODES), ("ResetScope", RESET_SCOPES)]
    )
    def test_words_are_those_of_the_engine(self, contract: Contract, name: str, known: tuple[str, ...]) -> None:
        assert tuple(schema_at(contract, f"/components/schemas/{name}")["enum"]) == known

    async def test_the_description_is_served(self, client: httpx2.AsyncClient, contract: Contract) -> None:
        answer = await client.get(f"{CONTROL}/openapi.json")

        assert answer.json() == contract.document


def broken_examples(contract: Contract, checker: ResponseChecker) -> Iterator[tuple[Operation, str, Violation | str]]:
    for operation in contract.operations:
        for status, response in operation.responses.items():
            for media_type, media in response.content.items():
                if not media.examples:
                    yield operation, status, "no example"
                for example in media.examples.values():
                    for violation in checker.check(operation, int(status), media_type, example):
                        yield operation, status, violation


class TestServer:
    @pytest.mark.parametrize(("path", "status"), [("health", "ok"), ("ready", "ready")])
    async def test_probes_need_no_key_and_come_under_any_host(self, app: Application, path: str, status: str) -> None:
        async with speaking_to(app) as client:
            answer = await client.get(f"{CONTROL}/{path}", headers={"host": "whatever.example"})

        assert answer.status_code == 200
        assert answer.json() == {"status": status}

    async def test_info_tells_what_is_served(self, client: httpx2.AsyncClient, app: Application, key: str) -> None:
        info = (await client.get(f"{CONTROL}/info")).json()

        assert info["name"] == "xpander-emulator"
        assert info["version"] == __version__
        assert info["contract"]["operations"] == len(app.contract.operations)
        assert "approval" in info["scenarios"]
        assert info["default_scenario"] == "completed"
        assert info["seed"] == 1
        assert info["namespace"] == derived_namespace(key)
        assert info["clock"] == {"mode": "manual", "now": NOW, "scale": None}
        assert info["store"] == "memory"
        assert info["limits"] == {
            "max_tasks": 100_000,
            "max_body": 5_242_880,
            "max_connections": 1_000,
            "max_signals": 10_000,
        }

    async def test_info_names_the_organization_of_the_tasks(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "completed")

        info = (await client.get(f"{CONTROL}/info")).json()

        task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()
        assert task["snapshot"]["organization_id"] == info["organization_id"]

    async def test_no_answer_is_kept_by_a_cache(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(f"{CONTROL}/tasks")).headers["cache-control"] == "no-store"


class TestTasks:
    async def test_a_namespace_without_tasks_lists_none(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(f"{CONTROL}/tasks")).json() == {"items": [], "total": 0}

    async def test_a_list_tells_where_each_task_stands(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "approval")

        listed = (await client.get(f"{CONTROL}/tasks")).json()

        assert listed["total"] == 1
        assert listed["items"] == [
            {
                "id": task_id,
                "scenario": "approval",
                "step": "pending",
                "status": "pending",
                "waits_for": ["stop"],
                "next_change": "2026-01-01T00:00:00.300000Z",
                "source": "scenarios/approval.yaml:7",
                "created_at": NOW,
                "runs": "approval",
                "kind": "workflow",
                "turn": 1,
                "pause": None,
            }
        ]

    async def test_a_story_is_started_by_its_name(self, client: httpx2.AsyncClient, key: str) -> None:
        request = {"input": {"text": "Refund order 7"}, "title": "Seven"}

        task = (await client.post(f"{CONTROL}/tasks", json={"scenario": "approval", "request": request})).json()

        assert (task["scenario"], task["runs"], task["status"]) == ("approval", "approval", "pending")
        assert task["snapshot"]["input"]["text"] == "Refund order 7"
        assert (await client.get(f"/v1/tasks/{task['id']}")).json()["title"] == "Seven"

    async def test_a_start_without_a_request_takes_the_example_of_the_contract(
        self, client: httpx2.AsyncClient
    ) -> None:
        task = (await client.post(f"{CONTROL}/tasks", json={"scenario": "completed"})).json()

        assert task["snapshot"]["input"]["text"] == "Run the full analysis pipeline"

    async def test_a_start_needs_no_key_and_leaves_what_is_pinned(self, app: Application) -> None:
        async with speaking_to(app) as client:
            query = {"namespace": "chosen"}
            await client.post(f"{CONTROL}/scenarios/next", json={"scenario": "failed"}, params=query)

            task = (await client.post(f"{CONTROL}/tasks", json={"scenario": "approval"}, params=query)).json()

            assert task["scenario"] == "approval"
            assert (await client.get(f"{CONTROL}/scenarios", params=query)).json()["upcoming"] == ["failed"]

    async def test_a_request_that_breaks_the_contract_starts_nothing(self, client: httpx2.AsyncClient) -> None:
        sent = {"scenario": "approval", "request": {"input": {"text": 7}}}

        answer = await client.post(f"{CONTROL}/tasks", json=sent)

        assert problem(answer, 422).startswith("body.request.input.text: ")
        assert (await client.get(f"{CONTROL}/tasks")).json()["total"] == 0

    async def test_an_unknown_story_is_not_started(self, client: httpx2.AsyncClient) -> None:
        answer = await client.post(f"{CONTROL}/tasks", json={"scenario": "aproval"})

        assert "Did you mean 'approval'?" in problem(answer, 404)

    async def test_the_id_of_a_live_task_is_not_started_again(self, client: httpx2.AsyncClient) -> None:
        sent = {"scenario": "approval", "request": {"input": {"text": "Refund"}, "id": "one"}}
        await client.post(f"{CONTROL}/tasks", json=sent)

        answer = await client.post(f"{CONTROL}/tasks", json=sent)

        assert "Task 'one' is pending" in problem(answer, 409)

    async def test_a_list_is_paged_newest_first(self, client: httpx2.AsyncClient) -> None:
        first, second, third = [await started(client, "completed") for _ in range(3)]

        newest = (await client.get(f"{CONTROL}/tasks", params={"per_page": 2})).json()
        oldest = (await client.get(f"{CONTROL}/tasks", params={"per_page": 2, "page": 2})).json()

        assert [item["id"] for item in newest["items"]] == [third, second]
        assert [item["id"] for item in oldest["items"]] == [first]
        assert newest["total"] == oldest["total"] == 3

    @pytest.mark.parametrize(("name", "value"), [("page", "0"), ("per_page", "501"), ("per_page", "many")])
    async def test_a_page_beyond_the_bounds_is_refused(self, client: httpx2.AsyncClient, name: str, value: str) -> None:
        answer = await client.get(f"{CONTROL}/tasks", params={name: value})

        assert problem(answer, 422).startswith(f"query.{name}: Input should be ")

    async def test_a_paused_task_tells_what_a_person_is_shown(self, client: httpx2.AsyncClient) -> None:
        await paused(client)

        [item] = (await client.get(f"{CONTROL}/tasks")).json()["items"]

        assert item["waits_for"] == ["approve", "reject", "expire", "stop"]
        assert item["pause"]["wait_node_id"] == "manager-approval"
        assert item["pause"]["content"] == "A refund"
        assert item["pause"]["title"].startswith("Refund for ")

    async def test_one_task_comes_with_its_snapshot_and_its_graph(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "approval")

        task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()

        assert task["snapshot"] == (await client.get(f"/v1/tasks/{task_id}")).json()
        assert {"from": "waiting", "to": "expired", "by": "expire", "after": "1d"} in task["graph"]["edges"]
        assert task["graph"]["nodes"][0] == {"id": "pending", "status": "pending", "line": 7}

    async def test_history_names_who_decided_at_the_step_that_followed_alone(self, client: httpx2.AsyncClient) -> None:
        task_id = await paused(client)
        decision = {"signal": "approve", "by": "manager", "reason": "Within the budget"}
        await client.post(f"{CONTROL}/tasks/{task_id}/signals", json=decision)

        task = (await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={})).json()

        assert [(each["step"], each["cause"], each["by"], each["reason"]) for each in task["history"]] == [
            ("pending", "start", None, None),
            ("extract", "after", None, None),
            ("waiting", "after", None, None),
            ("pay", "approve", "manager", "Within the budget"),
            ("paid", "after", None, None),
        ]

    async def test_history_and_signals_are_told_in_the_tasks_own_time(self, client: httpx2.AsyncClient) -> None:
        task_id = await paused(client)

        answer = await client.post(
            f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "approve", "payload": {"level": 2}}
        )

        task = answer.json()
        assert [(each["at"], each["kind"], each["skipped"]) for each in task["signals"]] == [
            (NOW, "skip", "300ms"),
            ("2026-01-01T00:00:00.300000Z", "skip", "800ms"),
            ("2026-01-01T00:00:01.100000Z", "approve", None),
        ]
        assert task["signals"][-1]["payload"] == {"level": 2}
        assert task["history"][-1]["at"] == "2026-01-01T00:00:01.100000Z"

    async def test_next_change_is_told_on_the_clock_of_the_namespace(self, client: httpx2.AsyncClient) -> None:
        task_id = await paused(client)

        task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()

        # The pause began at 1.1 s of the task's own time and lasts 24 h; the clock of the namespace still shows 0.
        assert task["next_change"] == "2026-01-02T00:00:00.000000Z"
        await client.post(f"{CONTROL}/clock/advance", json={"to": task["next_change"]})
        assert (await client.get(f"{CONTROL}/tasks/{task_id}")).json()["step"] == "expired"

    async def test_next_change_of_a_sub_task_is_on_the_clock_of_the_namespace_too(
        self, client: httpx2.AsyncClient
    ) -> None:
        parent = await started(client, "sub_agents")
        await client.post(f"{CONTROL}/tasks/{parent}/skip", json={"until": "executing"})

        items = (await client.get(f"{CONTROL}/tasks")).json()["items"]

        changes = [item["next_change"] for item in items if item["id"] != parent]
        assert changes
        await client.post(f"{CONTROL}/clock/advance", json={"to": min(changes)})
        later = (await client.get(f"{CONTROL}/tasks")).json()["items"]
        assert {item["id"]: item["step"] for item in later} != {item["id"]: item["step"] for item in items}

    async def test_a_further_turn_keeps_the_birth_and_counts(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "completed")
        await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "completed"})
        await client.post(f"{CONTROL}/clock/advance", json={"by": "1h"})
        await started(client, "approval", id=task_id)

        task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()

        assert (task["turn"], task["scenario"], task["created_at"]) == (2, "approval", NOW)
        assert task["created_at"] == task["snapshot"]["created_at"]
        assert task["signals"] == []

    async def test_a_task_is_seen_again_as_it_was_at_each_entry_of_its_history(
        self, client: httpx2.AsyncClient
    ) -> None:
        task_id = await paused(client)
        await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "reject", "reason": "No"})

        seen = [(await client.get(f"{CONTROL}/tasks/{task_id}/history/{n}")).json() for n in (1, 3, 4)]

        assert [each["snapshot"]["status"] for each in seen] == ["pending", "paused", "stopped"]
        assert [each["snapshot"]["hitl_request"] is None for each in seen] == [True, False, True]
        assert (seen[2]["cause"], seen[2]["reason"]) == ("reject", "No")
        assert seen[2]["snapshot"] == (await client.get(f"/v1/tasks/{task_id}")).json()

    async def test_a_step_that_was_updated_is_seen_as_it_was_left(self, client: httpx2.AsyncClient) -> None:
        task_id = await paused(client)
        update = {"signal": "update", "payload": {"title": "Seven"}}
        await client.post(f"{CONTROL}/tasks/{task_id}/signals", json=update)
        await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "approve"})

        seen = (await client.get(f"{CONTROL}/tasks/{task_id}/history/3")).json()

        assert (seen["snapshot"]["status"], seen["snapshot"]["title"]) == ("paused", "Seven")

    async def test_a_history_ends_where_the_task_stands(self, client: httpx2.AsyncClient) -> None:
        task_id = await paused(client)

        answer = await client.get(f"{CONTROL}/tasks/{task_id}/history/4")

        assert "has 3 entries, and no 4" in problem(answer, 404)

    async def test_looking_never_counts_as_a_poll(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "polled")

        for _ in range(20):
            await client.get(f"{CONTROL}/tasks")
            await client.get(f"{CONTROL}/tasks/{task_id}")

        task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()
        assert len(task["history"]) == 1
        assert task["signals"] == []

    async def test_looking_moves_nothing_on_an_auto_clock(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "approval")
        await client.put(f"{CONTROL}/clock", json={"mode": "auto"})

        await client.get(f"{CONTROL}/tasks/{task_id}")

        assert (await client.get(f"{CONTROL}/tasks/{task_id}")).json()["step"] == "pending"

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [("GET", "", None), ("POST", "/signals", {"signal": "approve"}), ("POST", "/skip", {})],
    )
    async def test_an_unknown_task_is_told_with_its_namespace(
        self, client: httpx2.AsyncClient, method: str, path: str, body: Any
    ) -> None:
        answer = await client.request(method, f"{CONTROL}/tasks/t_1{path}?namespace=empty", json=body)
        assert problem(answer, 400)  # the key of this test opens another one

        answer = await client.request(method, f"{CONTROL}/tasks/t_1{path}", json=body)
        assert "has no task 't_1'. GET /__emulator/namespaces lists them all." in problem(answer, 404)


class TestSignals:
    async def test_a_signal_that_is_not_waited_for_is_refused_with_those_that_are(
        self, client: httpx2.AsyncClient
    ) -> None:
        task_id = await paused(client)

        answer = await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "authorize"})

        assert "is paused at step 'waiting' and does not wait for 'authorize'" in problem(answer, 409)
        assert answer.json()["allowed"] == ["approve", "reject", "expire", "stop"]

    async def test_a_second_decision_comes_too_late(self, client: httpx2.AsyncClient) -> None:
        task_id = await paused(client)
        await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "reject"})

        answer = await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "approve"})

        assert "takes no further signal; 'approve' came too late" in problem(answer, 409)
        assert answer.json()["allowed"] == []

    async def test_stop_is_taken_at_any_step_and_told_with_its_giver(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "approval")

        answer = await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "stop", "by": "operator"})

        task = answer.json()
        assert (task["status"], task["waits_for"], task["pause"]) == ("stopped", [], None)
        assert (task["history"][-1]["cause"], task["history"][-1]["by"]) == ("stop", "operator")

    async def test_an_update_sets_the_status(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "approval")

        answer = await client.post(
            f"{CONTROL}/tasks/{task_id}/signals",
            json={"signal": "update", "payload": {"status": "completed", "result": "Done elsewhere"}},
        )

        assert answer.json()["status"] == "completed"
        assert answer.json()["snapshot"]["result"] == "Done elsewhere"

    @pytest.mark.parametrize(
        ("kind", "way"), [("poll", "a client's GET of the task"), ("skip", "POST /__emulator/tasks/{task_id}/skip")]
    )
    async def test_what_is_no_signal_is_refused_with_the_right_way(
        self, client: httpx2.AsyncClient, kind: str, way: str
    ) -> None:
        task_id = await started(client, "approval")

        answer = await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": kind})

        assert way in problem(answer, 400)

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({}, "body.signal: Field required"),
            ({"signal": "two words"}, "body.signal: String should match pattern"),
            ({"signal": "a" * 65}, "body.signal: String should match pattern"),
            ({"signal": "approve", "resaon": "typo"}, "body.resaon: Extra inputs are not permitted"),
            ({"signal": "approve", "payload": []}, "body.payload: Input should be a valid dictionary"),
        ],
    )
    async def test_a_body_that_breaks_the_contract_is_refused(
        self, client: httpx2.AsyncClient, body: Any, told: str
    ) -> None:
        answer = await client.post(f"{CONTROL}/tasks/t_1/signals", json=body)

        assert problem(answer, 422).startswith(told)
        assert answer.json()["violations"]

    async def test_null_stands_for_what_is_left_out(self, client: httpx2.AsyncClient) -> None:
        task_id = await paused(client)

        answer = await client.post(
            f"{CONTROL}/tasks/{task_id}/signals",
            json={"signal": "approve", "by": None, "reason": None, "payload": None},
        )

        assert answer.status_code == 200
        assert answer.json()["signals"][-1]["payload"] == {}


class TestSkip:
    @pytest.mark.parametrize("body", [None, {}, {"until": None}])
    async def test_without_a_target_it_goes_to_the_next_change(self, client: httpx2.AsyncClient, body: Any) -> None:
        task_id = await started(client, "approval")

        answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json=body)

        assert answer.json()["step"] == "extract"

    @pytest.mark.parametrize("until", ["paused", "waiting"])
    async def test_it_goes_until_a_status_or_a_step(self, client: httpx2.AsyncClient, until: str) -> None:
        task_id = await started(client, "approval")

        answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": until})

        assert answer.json()["step"] == "waiting"

    async def test_the_clock_of_the_namespace_stays(self, client: httpx2.AsyncClient) -> None:
        await paused(client)

        assert (await client.get(f"{CONTROL}/clock")).json()["now"] == NOW

    async def test_what_needs_a_decision_is_not_reached(self, client: httpx2.AsyncClient) -> None:
        task_id = await paused(client)

        answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "paid"})

        assert "cannot get to 'paid' by time alone" in problem(answer, 409)
        assert answer.json()["allowed"] == ["approve", "reject", "expire", "stop"]

    async def test_a_finished_task_stands_still(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "completed")
        await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "completed"})

        assert "nothing changes by time" in problem(await client.post(f"{CONTROL}/tasks/{task_id}/skip"), 409)

    async def test_an_unknown_target_is_told_with_the_steps(self, client: httpx2.AsyncClient) -> None:
        task_id = await started(client, "approval")

        answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "pausd"})

        assert "'pausd' is neither a status nor a step of scenario 'approval'" in problem(answer, 400)

    async def test_a_skip_past_the_last_year_still_shows_the_task(self, client: httpx2.AsyncClient) -> None:
        await client.post(f"{CONTROL}/clock/advance", json={"to": "9999-12-31T23:59:00Z"})
        task_id = await paused(client)

        assert (await client.get(f"{CONTROL}/tasks/{task_id}")).json()["next_change"] is None
        answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "expired"})

        assert answer.json()["snapshot"]["finished_at"] == "9999-12-31T23:59:59.999000Z"


class TestClock:
    async def test_it_starts_as_the_server_was_told(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(f"{CONTROL}/clock")).json() == {"mode": "manual", "now": NOW, "scale": None}

    async def test_a_scaled_clock_tells_its_scale(self, client: httpx2.AsyncClient) -> None:
        answer = await client.put(f"{CONTROL}/clock", json={"mode": "scaled", "scale": 2.5})

        assert (answer.json()["mode"], answer.json()["scale"]) == ("scaled", 2.5)

    async def test_what_get_tells_can_be_put(self, client: httpx2.AsyncClient) -> None:
        told = (await client.get(f"{CONTROL}/clock")).json()

        answer = await client.put(f"{CONTROL}/clock", json={"mode": told["mode"], "scale": told["scale"]})

        assert answer.json() == told

    @pytest.mark.parametrize(
        ("move", "shown"),
        [
            ({"by": "30s"}, "2026-01-01T00:00:30.000000Z"),
            ({"by": "1h30m"}, "2026-01-01T01:30:00.000000Z"),
            ({"to": "2026-01-02T09:00:00Z"}, "2026-01-02T09:00:00.000000Z"),
            ({"to": "2026-01-02T09:00:00+09:00"}, "2026-01-02T00:00:00.000000Z"),
            ({"to": NOW}, NOW),
        ],
    )
    async def test_it_is_advanced_by_a_length_or_to_an_instant(
        self, client: httpx2.AsyncClient, move: dict[str, str], shown: str
    ) -> None:
        assert (await client.post(f"{CONTROL}/clock/advance", json=move)).json()["now"] == shown

    @pytest.mark.parametrize(
        ("move", "told"),
        [
            ({"by": "30"}, "`by`: '30' has no unit; write '30s' or '30ms'."),
            ({"by": " "}, "`by`: an empty text is not a length of time; write for instance 300ms"),
            ({}, "Give either `by`, a length of time such as 30s, or `to`, an instant."),
            ({"by": "1s", "to": NOW}, "Give either `by`, a length of time such as 30s, or `to`, an instant."),
            ({"by": "-1s"}, "`by`: '-1s' is negative; write a length of time without '-'."),
            ({"to": "2025-12-31T00:00:00Z"}, f"A clock never goes back: {NOW} cannot be moved by -86400000 ms."),
            ({"to": "2026-01-01T23:59:60Z"}, "`to`: '2026-01-01T23:59:60Z' is no instant that a clock here can show"),
        ],
    )
    async def test_a_move_that_cannot_be_is_refused(
        self, client: httpx2.AsyncClient, move: dict[str, str], told: str
    ) -> None:
        assert problem(await client.post(f"{CONTROL}/clock/advance", json=move), 400).startswith(told)

    @pytest.mark.parametrize("move", [{"by": 30}, {"to": "tomorrow"}, {"seconds": "1s"}])
    async def test_a_move_is_one_of_two(self, client: httpx2.AsyncClient, move: Any) -> None:
        problem(await client.post(f"{CONTROL}/clock/advance", json=move), 422)

    async def test_a_scale_without_its_mode_is_refused(self, client: httpx2.AsyncClient) -> None:
        answer = await client.put(f"{CONTROL}/clock", json={"mode": "auto", "scale": 3})

        assert problem(answer, 400) == "`scale` goes with mode 'scaled', not with 'auto'."

    @pytest.mark.parametrize("setting", [{"mode": "fast"}, {"scale": 2}, {"mode": "scaled", "scale": 0}])
    async def test_a_setting_outside_the_contract_is_refused(self, client: httpx2.AsyncClient, setting: Any) -> None:
        problem(await client.put(f"{CONTROL}/clock", json=setting), 422)


class TestScenarios:
    async def test_the_playlist_comes_with_requests_that_the_contract_takes(self, client: httpx2.AsyncClient) -> None:
        playlist = (await client.get(f"{CONTROL}/playlist")).json()

        for story in playlist["stories"]:
            sent = {"scenario": story["scenario"], "request": story["request"]}
            assert story["request"]
            assert (await client.post(f"{CONTROL}/tasks", json=sent)).status_code == 200

    async def test_all_are_listed_with_what_is_chosen(self, client: httpx2.AsyncClient, app: Application) -> None:
        listed = (await client.get(f"{CONTROL}/scenarios")).json()

        assert [item["name"] for item in listed["items"]] == list(app.engine.catalogue)
        assert all(item["description"] and item["source"].startswith("scenarios/") for item in listed["items"])
        assert (listed["default"], listed["upcoming"]) == ("completed", [])

    async def test_each_is_told_with_steps_and_graph(self, client: httpx2.AsyncClient, app: Application) -> None:
        for name in app.engine.catalogue:
            answer = await client.get(f"{CONTROL}/scenarios/{name}")

            assert answer.status_code == 200, answer.text
            steps = answer.json()["timeline"]
            assert [step["id"] for step in steps] == [node["id"] for node in answer.json()["graph"]["nodes"]]
            assert steps[-1]["exits"] == []

    async def test_a_step_is_told_as_its_author_wrote_it(self, client: httpx2.AsyncClient) -> None:
        told = (await client.get(f"{CONTROL}/scenarios/approval")).json()

        waiting = next(step for step in told["timeline"] if step["id"] == "waiting")
        assert waiting["pause"]["property"] == "hitl_request"
        assert waiting["pause"]["details"]["title"] == "Refund for {{ fake.name }}"
        assert waiting["exits"][-1] == {"to": "expired", "by": "expire", "after": "1d"}

    async def test_a_graph_is_told_for_mermaid(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(f"{CONTROL}/scenarios/approval", params={"format": "mermaid"})

        assert answer.headers["content-type"] == "text/vnd.mermaid; charset=utf-8"
        assert answer.text.startswith("stateDiagram-v2\n    [*] --> s0\n")

    async def test_an_unknown_format_is_refused(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(f"{CONTROL}/scenarios/approval", params={"format": "dot"})

        assert problem(answer, 422) == "query.format: Input should be 'json' or 'mermaid'"

    async def test_the_default_is_taken_where_nothing_else_decides(self, client: httpx2.AsyncClient) -> None:
        answer = await client.put(f"{CONTROL}/scenarios/default", json={"scenario": "slow"})

        assert answer.json() == {"default": "slow", "upcoming": [], "upcoming_paths": []}
        task_id = await started(client, "anything")
        assert (await client.get(f"{CONTROL}/tasks/{task_id}")).json()["scenario"] == "slow"
        assert (await client.get(f"{CONTROL}/info")).json()["default_scenario"] == "slow"

    async def test_the_next_starts_take_what_was_chosen_for_them(self, client: httpx2.AsyncClient) -> None:
        await client.post(f"{CONTROL}/scenarios/next", json={"scenario": "failed", "times": 2})
        answer = await client.post(f"{CONTROL}/scenarios/next", json={"scenario": "error"})

        assert answer.json() == {
            "default": "completed",
            "upcoming": ["failed", "failed", "error"],
            "upcoming_paths": [None, None, None],
        }
        for _ in range(4):
            await started(client, "approval")
        items = (await client.get(f"{CONTROL}/tasks")).json()["items"]
        assert [item["scenario"] for item in reversed(items)] == ["failed", "failed", "error", "approval"]

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "/scenarios/aproval", None),
            ("PUT", "/scenarios/default", {"scenario": "aproval"}),
            ("POST", "/scenarios/next", {"scenario": "aproval"}),
            ("GET", "/scenarios/aproval/paths", None),
        ],
    )
    async def test_an_unknown_name_is_told_with_the_nearest(
        self, client: httpx2.AsyncClient, method: str, path: str, body: Any
    ) -> None:
        answer = await client.request(method, CONTROL + path, json=body)

        assert problem(answer, 404) == "No scenario is called 'aproval'. Did you mean 'approval'?"

    async def test_its_paths_are_told_with_their_decisions(self, client: httpx2.AsyncClient) -> None:
        items = (await client.get(f"{CONTROL}/scenarios/approval/paths")).json()["items"]

        assert [item["id"] for item in items] == [
            *("approval-approve", "approval-reject", "approval-expire"),
            *("stop-while-pending", "stop-while-executing", "stop-while-paused"),
        ]
        assert items[1] == {
            "id": "approval-reject",
            "steps": ["pending", "extract", "waiting", "rejected"],
            "moves": [{"step": "waiting", "signal": "reject"}],
            "end": "stopped",
            "fault": None,
        }

    async def test_the_next_start_takes_the_path_that_was_chosen_for_it(self, client: httpx2.AsyncClient) -> None:
        body = {"scenario": "approval", "path": "approval-reject"}
        answer = await client.post(f"{CONTROL}/scenarios/next", json=body)
        await client.put(f"{CONTROL}/clock", json={"mode": "auto"})
        task_id = await started(client, "anything")

        told = [(await client.get(f"/v1/tasks/{task_id}")).json()["status"] for _ in range(4)]

        assert answer.json()["upcoming_paths"] == ["approval-reject"]
        assert told == ["executing", "paused", "stopped", "stopped"]

    async def test_an_unknown_path_is_told_with_the_nearest(self, client: httpx2.AsyncClient) -> None:
        body = {"scenario": "approval", "path": "approval-rejected"}
        answer = await client.post(f"{CONTROL}/scenarios/next", json=body)

        wanted = "The scenario 'approval' has no path 'approval-rejected'. Did you mean 'approval-reject'?"
        assert problem(answer, 404) == wanted

    @pytest.mark.parametrize("times", [0, 1001, 1.5, "2"])
    async def test_times_outside_the_contract_are_refused(self, client: httpx2.AsyncClient, times: Any) -> None:
        answer = await client.post(f"{CONTROL}/scenarios/next", json={"scenario": "slow", "times": times})

        assert problem(answer, 422).startswith("body.times: ")


class TestReset:
    async def test_without_a_body_everything_is_reset(self, client: httpx2.AsyncClient) -> None:
        await client.put(f"{CONTROL}/scenarios/default", json={"scenario": "slow"})
        await client.post(f"{CONTROL}/clock/advance", json={"by": "1h"})
        await started(client, "approval")

        answer = await client.post(f"{CONTROL}/reset")

        assert answer.json() == {"reset": ["tasks", "journal", "clock", "pins", "faults"]}
        assert (await client.get(f"{CONTROL}/tasks")).json()["total"] == 0
        assert (await client.get(f"{CONTROL}/clock")).json()["now"] == NOW
        assert (await client.get(f"{CONTROL}/scenarios")).json()["default"] == "completed"

    async def test_a_scope_leaves_the_rest(self, client: httpx2.AsyncClient) -> None:
        await client.put(f"{CONTROL}/scenarios/default", json={"scenario": "slow"})
        await started(client, "approval")

        answer = await client.post(f"{CONTROL}/reset", json={"scope": ["pins"]})

        assert answer.json() == {"reset": ["pins"]}
        assert (await client.get(f"{CONTROL}/tasks")).json()["total"] == 1

    async def test_the_clock_takes_the_tasks_along(self, client: httpx2.AsyncClient) -> None:
        answer = await client.post(f"{CONTROL}/reset", json={"scope": ["clock"]})

        assert answer.json() == {"reset": ["tasks", "clock"]}

    @pytest.mark.parametrize("scope", [["everything"], [], "tasks"])
    async def test_an_unknown_scope_is_refused(self, client: httpx2.AsyncClient, scope: Any) -> None:
        problem(await client.post(f"{CONTROL}/reset", json={"scope": scope}), 422)

    async def test_other_namespaces_stay(self, client: httpx2.AsyncClient, key: str) -> None:
        await started(client, "approval", f"{key}-other")

        await client.post(f"{CONTROL}/reset")

        other = await client.get(f"{CONTROL}/tasks", headers={"x-api-key": f"{key}-other"})
        assert other.json()["total"] == 1


class TestNamespaces:
    async def test_a_namespace_is_named_by_key_or_by_name(self, app: Application, key: str) -> None:
        async with speaking_to(app) as client:
            task_id = await started(client, "approval", key)
            name = derived_namespace(key)

            by_key = await client.get(f"{CONTROL}/tasks", headers={"x-api-key": key})
            by_name = await client.get(f"{CONTROL}/tasks", params={"namespace": name})
            by_both = await client.get(f"{CONTROL}/tasks", params={"namespace": name}, headers={"x-api-key": key})

        for answer in (by_key, by_name, by_both):
            assert [item["id"] for item in answer.json()["items"]] == [task_id]

    async def test_two_different_names_are_refused(self, client: httpx2.AsyncClient, key: str) -> None:
        answer = await client.get(f"{CONTROL}/tasks", params={"namespace": "default"})

        told = problem(answer, 400)
        assert f"has the namespace '{derived_namespace(key)}'" in told
        assert key not in told

    async def test_without_either_it_is_the_default_one(self, app: Application) -> None:
        async with speaking_to(app) as client:
            task_id = await started(client, "approval", "local")

            listed = (await client.get(f"{CONTROL}/tasks")).json()

        assert task_id in [item["id"] for item in listed["items"]]

    async def test_the_first_key_that_is_welcome_opens_the_default_one(self) -> None:
        app = create_app(Settings(api_keys=(("k1", "team"), ("k2", None))))
        async with speaking_to(app) as client:
            await started(client, "approval", "k1")

            info = (await client.get(f"{CONTROL}/info")).json()
            listed = (await client.get(f"{CONTROL}/namespaces")).json()
            refused = await client.get(f"{CONTROL}/tasks", headers={"x-api-key": "k3"})
            without = await client.get(f"{CONTROL}/namespaces", headers={"x-api-key": "k3"})

        assert info["namespace"] == "team"
        assert [(item["name"], item["tasks"]) for item in listed["items"]] == [("team", 1)]
        assert problem(refused, 401) == "Invalid or missing API key"
        assert "www-authenticate" not in refused.headers
        assert without.status_code == 200

    async def test_an_unknown_one_is_empty(self, app: Application) -> None:
        async with speaking_to(app) as client:
            answer = await client.get(f"{CONTROL}/tasks", params={"namespace": "nobody.was-here_1"})

        assert answer.json() == {"items": [], "total": 0}

    @pytest.mark.parametrize("name", ["", "two words", "-dash", "a/b", "a" * 257])
    async def test_a_name_without_the_form_of_one_is_refused(self, app: Application, name: str) -> None:
        async with speaking_to(app) as client:
            answer = await client.get(f"{CONTROL}/tasks", params={"namespace": name})

        assert problem(answer, 422).startswith("query.namespace: String should ")

    async def test_an_empty_key_is_not_welcome(self, app: Application) -> None:
        async with speaking_to(app) as client:
            answer = await client.get(f"{CONTROL}/tasks", headers={"x-api-key": ""})

        assert problem(answer, 401) == "Invalid or missing API key"

    async def test_a_list_tells_names_and_clocks_and_no_key(self, client: httpx2.AsyncClient, key: str) -> None:
        await started(client, "approval")
        await client.post(f"{CONTROL}/clock/advance", json={"by": "30s"})

        answer = await client.get(f"{CONTROL}/namespaces")

        [own] = [item for item in answer.json()["items"] if item["name"] == derived_namespace(key)]
        assert own["tasks"] == 1
        assert own["clock"] == {"mode": "manual", "now": "2026-01-01T00:00:30.000000Z", "scale": None}
        assert key not in answer.text


class TestQuery:
    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            ("requests?stauts=404", "GET /__emulator/requests has no parameter 'stauts'. Did you mean 'status'?"),
            ("clock?verbose=", "GET /__emulator/clock has no parameter 'verbose'; it takes namespace."),
            ("namespaces?x=1", "GET /__emulator/namespaces has no parameter 'x'; it takes none."),
        ],
    )
    async def test_a_parameter_that_is_unknown_is_refused_with_what_was_meant(
        self, client: httpx2.AsyncClient, asked: str, told: str
    ) -> None:
        assert problem(await client.get(f"{CONTROL}/{asked}"), 400) == told

    @pytest.mark.parametrize("path", ["info", "namespaces", "scenarios", "health?probe=1"])
    async def test_a_namespace_may_be_named_everywhere_and_a_probe_may_ask_as_it_likes(
        self, client: httpx2.AsyncClient, path: str
    ) -> None:
        asked = httpx2.URL(f"{CONTROL}/{path}").copy_add_param("namespace", "x")

        del client.headers["x-api-key"]
        assert (await client.get(asked)).status_code == 200


class TestSafety:
    @pytest.mark.parametrize("path", ["info", "tasks", "clock", "scenarios", "namespaces", "openapi.json"])
    async def test_a_rebound_name_is_refused(self, client: httpx2.AsyncClient, path: str) -> None:
        answer = await client.get(f"{CONTROL}/{path}", headers={"host": "evil.example:4020"})

        assert problem(answer, 403) == "Host 'evil.example' is not known here. If it is yours, serve with --allow-host."

    @pytest.mark.parametrize("host", ["localhost:4020", "[::1]:4020", "emulator.localhost", "127.0.0.2"])
    async def test_every_name_of_this_machine_is_welcome(self, client: httpx2.AsyncClient, host: str) -> None:
        assert (await client.get(f"{CONTROL}/tasks", headers={"host": host})).status_code == 200

    @pytest.mark.parametrize("host", ["", "[", "[::1", "@", "localhost.evil.example"])
    async def test_a_host_that_is_none_is_refused(self, client: httpx2.AsyncClient, host: str) -> None:
        problem(await client.get(f"{CONTROL}/tasks", headers={"host": host}), 403)

    async def test_a_host_that_was_allowed_is_welcome(self) -> None:
        async with speaking_to(create_app(Settings(allow_hosts=("emulator",)))) as client:
            answer = await client.get(f"{CONTROL}/tasks", headers={"host": "emulator:4020"})

        assert answer.status_code == 200

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:4021", "http://[x", ""])
    async def test_a_page_of_another_origin_is_refused(self, client: httpx2.AsyncClient, origin: str) -> None:
        answer = await client.post(f"{CONTROL}/reset", headers={"origin": origin})

        assert (
            problem(answer, 403)
            == f"The control API takes no request from a page of '{origin}', only from its own pages."
        )

    async def test_a_page_of_our_own_is_welcome(self, client: httpx2.AsyncClient) -> None:
        assert (await client.post(f"{CONTROL}/reset", headers={"origin": BASE})).status_code == 200

    @pytest.mark.parametrize("sent", [None, "Bearer wrong", "Basic secret", "secret", "Bearer"])
    async def test_a_token_is_asked_for(self, guarded: Application, sent: str | None) -> None:
        async with speaking_to(guarded, {"authorization": sent} if sent else None) as client:
            answer = await client.get(f"{CONTROL}/tasks")

        assert "`Authorization: Bearer TOKEN`" in problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"

    async def test_the_right_token_opens(self, guarded: Application) -> None:
        async with speaking_to(guarded, {"authorization": "bearer secret"}) as client:
            assert (await client.get(f"{CONTROL}/tasks")).status_code == 200

    async def test_info_tells_the_seed_only_to_whoever_may_use_the_control_api(self, guarded: Application) -> None:
        told = {}
        for name, header in {"stranger": None, "wrong": "Bearer wrong", "owner": "Bearer secret"}.items():
            async with speaking_to(guarded, {"authorization": header} if header else None) as client:
                told[name] = (await client.get(f"{CONTROL}/info")).json()

        assert "seed" not in told["stranger"]
        assert "seed" not in told["wrong"]
        assert told["owner"] == {**told["stranger"], "seed": 1}

    @pytest.mark.parametrize("path", ["health", "ready", "info"])
    async def test_what_strangers_may_know_needs_no_token(self, guarded: Application, path: str) -> None:
        async with speaking_to(guarded) as client:
            assert (await client.get(f"{CONTROL}/{path}")).status_code == 200

    async def test_a_body_above_the_bound_is_refused(self, guarded: Application) -> None:
        async with speaking_to(guarded, {"authorization": "Bearer secret"}) as client:
            answer = await client.post(f"{CONTROL}/reset", content=b" " * 101)

        assert problem(answer, 413).startswith("The request's body is larger than 100 bytes")

    async def test_a_body_that_is_no_json_is_refused(self, client: httpx2.AsyncClient) -> None:
        answer = await client.post(f"{CONTROL}/reset", content=b"scope", headers={"content-type": "text/plain"})

        assert problem(answer, 415) == "Content type 'text/plain' is not taken here; send application/json."

    async def test_a_body_that_does_not_parse_is_refused(self, client: httpx2.AsyncClient) -> None:
        assert "body.1: JSON decode error: Expecting property name" in problem(
            await client.post(f"{CONTROL}/reset", content=b"{"), 422
        )


@pytest.fixture(scope="module")
def guarded() -> Application:
    return create_app(Settings(clock="manual", token="secret", max_body=100))
