import httpx2
import pytest

from tests.testkit.clients import client_of, start
from xpander_emulator.testkit import Emulator, EmulatorServer, NotFound


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


def test_a_reset_returns_to_the_start_of_the_test(server: EmulatorServer) -> None:
    with server.emulator("the test", scenario="failed", clock="manual") as kit:
        kit.use("approval")
        kit.clock.set("auto")

        kit.reset()

        start(client_of(kit))
        assert [task.scenario for task in kit.tasks] == ["failed"]
        assert kit.clock.mode == "manual"
