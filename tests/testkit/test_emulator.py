import asyncio
import unittest
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest

from xpander_emulator.server.threaded import NotRunning
from xpander_emulator.settings import Settings
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.testkit import BadRequest, Emulator, EmulatorServer, NotFound, Task, running
from xpander_emulator.testkit.server import key_of
from xpander_emulator.web.auth import MAX_KEY, derived_namespace

BODY = {"input": {"text": "Refund order 1042"}}


def consumer(kit: Emulator) -> httpx2.Client:
    """A client without sockets, which needs no closing."""
    return httpx2.Client(transport=kit.transport(), base_url=kit.base_url, headers={"x-api-key": kit.api_key})


def start(client: httpx2.Client, workflow: str = "any") -> str:
    return str(client.post(f"/v1/workflows/{workflow}/invoke/async", json=BODY).json()["id"])


def test_the_next_starts_take_the_chosen_scenarios(kit: Emulator, client: httpx2.Client) -> None:
    kit.use("failed")
    kit.use_next("approval", times=2)

    for _ in range(3):
        start(client)

    assert [task.scenario for task in kit.tasks] == ["approval", "approval", "failed"]


def test_an_unknown_scenario_is_refused_with_the_nearest(kit: Emulator) -> None:
    with pytest.raises(NotFound, match=r"^No scenario is called 'aproval'\. Did you mean 'approval'\?$"):
        kit.use("aproval")


def test_the_environment_is_what_the_sdk_reads(kit: Emulator) -> None:
    assert dict(kit.env) == {
        "XPANDER_BASE_URL": kit.base_url,
        "XPANDER_API_KEY": kit.api_key,
        "XPANDER_ORGANIZATION_ID": kit.env["XPANDER_ORGANIZATION_ID"],
    }
    assert repr(kit) == f"<Emulator {kit.base_url}, key '{kit.api_key}'>"


def test_two_tests_on_one_server_see_nothing_of_each_other(server: EmulatorServer) -> None:
    with server.emulator("one") as one, server.emulator("other") as other:
        start(consumer(one))
        other.clock.advance("1h")

        assert (len(one.tasks), len(other.tasks)) == (1, 0)
        assert one.clock.now < other.clock.now


def test_the_same_name_has_the_same_values_on_every_run() -> None:
    seen = []
    for _ in range(2):
        with running("tests/test_refunds.py::test_a_refund") as kit:
            start(consumer(kit), "approval")
            task = kit.tasks[0].advance(until="paused").approve().advance()
            seen.append((task.id, task.snapshot["result"], [change.at for change in task.history]))

    assert seen[0] == seen[1]


def test_another_seed_draws_other_values(server: EmulatorServer) -> None:
    ids = []
    for seed in (None, 1, 2):
        with server.emulator("the test", seed=seed) as kit:
            ids.append(start(consumer(kit)))

    assert len(set(ids)) == 3


def test_a_reset_returns_to_the_start_of_the_test(server: EmulatorServer) -> None:
    with server.emulator("the test", scenario="failed", clock="manual") as kit:
        kit.use("approval")
        kit.clock.set("auto")

        kit.reset()

        start(consumer(kit))
        assert [task.scenario for task in kit.tasks] == ["failed"]
        assert kit.clock.mode == "manual"


def test_nothing_is_left_behind(server: EmulatorServer) -> None:
    with server.emulator("a test", scenario="failed", clock="manual") as kit:
        start(consumer(kit))

    namespaces = server._server.call(server._server.app.engine.store.namespaces())
    assert kit.namespace not in namespaces


def test_a_server_that_has_stopped_says_so() -> None:
    with EmulatorServer() as server:
        kit = server.emulator("a test")

    with pytest.raises(NotRunning, match="has stopped"):
        _ = kit.tasks


def test_a_server_whose_keys_are_restricted_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^Every test has an API key of its own; leave `api_keys` empty\.$"):
        EmulatorServer(Settings(port=0, api_keys=(("k", None),)))


@pytest.mark.parametrize(
    "name", ["tests/test_a.py::Test::test_b[x-1.5]", "tests/tést.py::test[ü 100%]", "x" * 5_000, "a\nb"]
)
def test_every_name_makes_a_key_that_a_header_carries(name: str) -> None:
    key = key_of(name)

    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
    assert len(key) <= MAX_KEY
    assert key_of(name + "'") != key


def test_a_plain_name_is_its_own_key() -> None:
    assert key_of("tests/test_a.py::test_b[x]") == "tests/test_a.py::test_b[x]"


def test_the_namespace_is_the_one_that_the_key_opens(kit: Emulator, client: httpx2.Client) -> None:
    answer = client.get("/__emulator/info")

    assert answer.json()["namespace"] == kit.namespace == derived_namespace(kit.api_key)


async def test_an_async_client_without_sockets_reads_the_same_tasks(kit: Emulator, approval: Task) -> None:
    transport = httpx2.ASGITransport(app=kit.asgi)
    headers = {"x-api-key": kit.api_key}
    async with httpx2.AsyncClient(transport=transport, base_url=kit.base_url, headers=headers) as client:
        first = await client.get(f"/v1/tasks/{approval.id}")
        waited = asyncio.ensure_future(client.post("/v1/workflows/completed/invoke", json=BODY))
        streamed = await client.post("/v1/workflows/streaming_answer/invoke/stream", json=BODY)

        assert first.json()["status"] == "executing"
        assert (await waited).json()["status"] == "completed"
        assert '"type":"task_finished"' in streamed.text
    assert approval.status == "executing"


async def test_a_request_without_sockets_that_is_cancelled_ends_on_the_server_too(kit: Emulator) -> None:
    kit.clock.set("manual")
    transport = httpx2.ASGITransport(app=kit.asgi)
    async with httpx2.AsyncClient(transport=transport, base_url=kit.base_url) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.post("/v1/workflows/approval/invoke", json=BODY, headers={"x-api-key": kit.api_key})

    store = kit._namespace.engine.store
    assert isinstance(store, MemoryStore)
    assert kit.tasks[0].status == "pending"
    assert not store.notifications.subscribed_keys


def test_a_sync_client_without_sockets_reads_the_same_tasks(kit: Emulator, approval: Task) -> None:
    with consumer(kit) as client:
        answer = client.get(f"/v1/tasks/{approval.id}", params={"a": "b c"})
        refused = client.post("/v1/workflows/a/invoke/async", json={})
        missing = client.get("/v1/tasks/nowhere")

    assert (answer.status_code, answer.json()["status"]) == (200, "executing")
    assert answer.headers["content-type"] == "application/json"
    assert (refused.status_code, missing.status_code) == (422, 404)


def test_a_stream_without_sockets_is_read_as_it_comes(kit: Emulator) -> None:
    with (
        consumer(kit) as client,
        client.stream("POST", "/v1/workflows/approval/invoke/stream", json=BODY) as answer,
    ):
        lines = answer.iter_lines()
        paused = next(line for line in lines if '"paused"' in line)
        kit.tasks[0].reject(reason="No")
        rest = list(lines)

    assert "task_updated" in paused
    assert any('"type":"task_finished"' in line for line in rest)


def test_the_read_timeout_holds_without_sockets(kit: Emulator) -> None:
    kit.clock.set("manual")
    client = consumer(kit)

    with pytest.raises(httpx2.ReadTimeout, match="has not answered in time"):
        client.post("/v1/workflows/approval/invoke", json=BODY, timeout=0.05)
    with (
        client.stream("POST", "/v1/workflows/approval/invoke/stream", json=BODY, timeout=0.05) as answer,
        pytest.raises(httpx2.ReadTimeout, match="No further part came in time"),
    ):
        list(answer.iter_lines())


def test_the_report_shows_each_task_with_its_history(kit: Emulator, approval: Task) -> None:
    approval.advance(until="paused").approve(by="manager", reason="Fine")

    (title, text), _ = kit.report()

    assert title == "Tasks of the emulator"
    assert text.splitlines() == [
        f"Task {approval.id} (workflow approval, scenario approval)",
        f"is executing at step 'pay', {approval.source}; waits for stop; changes by itself at {_next_change(kit)}",
        f"  {approval.history[0].at:%Y-%m-%dT%H:%M:%S.%fZ}  pending    pending  start",
        f"  {approval.history[1].at:%Y-%m-%dT%H:%M:%S.%fZ}  executing  extract  after",
        f"  {approval.history[2].at:%Y-%m-%dT%H:%M:%S.%fZ}  paused     waiting  after",
        f"  {approval.history[3].at:%Y-%m-%dT%H:%M:%S.%fZ}  executing  pay      approve by manager Fine",
    ]


def _next_change(kit: Emulator) -> str:
    headers = {"x-api-key": kit.api_key}
    listed = httpx2.get(f"{kit.base_url}/__emulator/tasks", headers=headers).json()["items"]
    return str(listed[0]["next_change"])


def test_the_report_of_many_tasks_shows_the_newest(kit: Emulator, client: httpx2.Client) -> None:
    for _ in range(22):
        start(client)

    (_, text), _ = kit.report()

    assert text.startswith("(The 2 oldest tasks are left out.)\n\nTask ")
    assert text.count("scenario completed") == 20


def test_the_report_of_a_client_with_another_key_says_where_its_tasks_are(kit: Emulator) -> None:
    with httpx2.Client(base_url=kit.base_url, headers={"x-api-key": "local"}) as client:
        start(client)
        (_, text), (_, requests) = kit.report()
        client.post("/__emulator/reset")

    assert text.startswith(f"No task was started with this test's key, '{kit.api_key}'. There are tasks of other keys")
    assert "by namespace: default (1)" in text
    assert requests.startswith(
        f"No request came with this test's key, '{kit.api_key}'. There are requests of other keys"
    )
    assert "default (1)" in requests


def test_mistakes_in_files_are_reported_before_a_server_runs(tmp_path: Path) -> None:
    from xpander_emulator.errors import InvalidFiles

    scenario = tmp_path / "mine.yaml"
    scenario.write_text("scenario: mine\nsteps: []\n")

    with pytest.raises(InvalidFiles, match=r"mine\.yaml:2"):
        EmulatorServer(Settings(port=0, scenarios=(scenario,))).start()


class Refunds(unittest.TestCase):
    """As docs/testing.md shows it."""

    server: ClassVar[EmulatorServer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = cls.enterClassContext(EmulatorServer())

    def setUp(self) -> None:
        self.emulator = self.enterContext(self.server.emulator(self.id()))

    def test_unittest_has_the_same(self) -> None:
        start(consumer(self.emulator), "approval")

        self.emulator.tasks[0].advance(until="paused").approve().advance(until="completed")

        self.assertEqual(self.emulator.tasks[0].status, "completed")  # noqa: PT009  this is a test of unittest
