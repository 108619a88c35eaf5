import unittest
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.testkit.clients import client_of, start
from xpander_emulator.errors import EmulatorError
from xpander_emulator.server.threaded import NotRunning
from xpander_emulator.settings import Settings
from xpander_emulator.testkit import BadRequest, Emulator, EmulatorServer, running
from xpander_emulator.testkit.server import LONGEST_NAME, key_of
from xpander_emulator.web.auth import MAX_KEY, derived_namespace

NAMES = st.text(min_size=1) | st.text("ab", min_size=1, max_size=2).map(lambda end: "x" * LONGEST_NAME + end)


def test_two_tests_on_one_server_see_nothing_of_each_other(server: EmulatorServer) -> None:
    with server.emulator("one") as one, server.emulator("other") as other:
        start(client_of(one))
        other.clock.advance("1h")

        assert (len(one.tasks), len(other.tasks)) == (1, 0)
        assert one.clock.now < other.clock.now


def test_the_same_name_has_the_same_values_on_every_run() -> None:
    seen = []
    for _ in range(2):
        with running("tests/test_refunds.py::test_a_refund") as kit:
            start(client_of(kit), "approval")
            task = kit.tasks[0].advance(until="paused").approve().advance()
            seen.append((task.id, task.snapshot["result"], [change.at for change in task.history]))

    assert seen[0] == seen[1]


def test_another_seed_draws_other_values(server: EmulatorServer) -> None:
    ids = []
    for seed in (None, 1, 2):
        with server.emulator("the test", seed=seed) as kit:
            ids.append(start(client_of(kit)))

    assert len(set(ids)) == 3


def test_nothing_is_left_behind(server: EmulatorServer) -> None:
    with server.emulator("a test", scenario="failed", clock="manual") as kit:
        start(client_of(kit))

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
        start(client_of(self.emulator), "approval")

        self.emulator.tasks[0].advance(until="paused").approve().advance(until="completed")

        self.assertEqual(self.emulator.tasks[0].status, "completed")  # noqa: PT009  this is a test of unittest


@given(NAMES, NAMES)
def test_two_names_have_the_same_key_only_if_they_are_the_same(one: str, other: str) -> None:
    assert (key_of(one) == key_of(other)) == (one == other)


def test_a_seed_is_part_of_the_key() -> None:
    assert key_of("a test", 7) == "a%20test#seed=7"


def test_a_test_without_a_name_is_refused(server: EmulatorServer) -> None:
    with pytest.raises(EmulatorError, match=r"^A test needs a name\.$"):
        server.emulator("")


def test_a_start_without_a_time_zone_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^settings\.start takes a datetime with its time zone, such as UTC, found "):
        EmulatorServer(Settings(port=0, start=datetime(2026, 1, 1)))


def test_coverage_and_conduct_can_be_read_after_the_stop_by_the_name_of_the_test() -> None:
    with EmulatorServer() as server, server.emulator("a refund") as kit:
        client = client_of(kit)
        task_id = start(client, "approval")
        while client.get(f"/v1/tasks/{task_id}").json()["status"] != "paused":
            pass
        kit.tasks[0].approve()

    assert server.coverage.started == {"approval"}
    assert [(finding.rule, finding.where) for finding in server.conduct] == [("takes-paused-for-the-end", "a refund")]
