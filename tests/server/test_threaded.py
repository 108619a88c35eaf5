import urllib.request

import pytest

from xpander_emulator.server.threaded import NotRunning, ThreadedServer
from xpander_emulator.settings import Settings


def get(url: str) -> tuple[int, dict[str, str]]:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status, dict(response.headers)


def test_a_threaded_server_answers_as_soon_as_it_has_started() -> None:
    with ThreadedServer(Settings(port=0)) as running:
        status, headers = get(f"{running.base_url}/__emulator/ready")

    assert status == 200
    assert "date" in headers
    assert "server" not in headers


def test_two_threaded_servers_run_side_by_side() -> None:
    with ThreadedServer(Settings(port=0)) as one, ThreadedServer(Settings(port=0)) as other:
        assert one.base_url != other.base_url
        assert get(f"{one.base_url}/__emulator/health")[0] == get(f"{other.base_url}/__emulator/health")[0] == 200


def test_an_idle_server_in_a_thread_stops_without_waiting_for_its_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xpander_emulator.server.server.TICK_SECONDS", 3600)
    running = ThreadedServer(Settings(port=0))
    running.start()

    running.stop()

    with pytest.raises(NotRunning):
        running.call(running.app.engine.store.namespaces())


def test_work_is_done_in_the_loop_of_a_server_that_runs_and_refused_by_one_that_does_not() -> None:
    running = ThreadedServer(Settings(port=0))
    with pytest.raises(NotRunning, match=r"^The server has not started\.$"):
        _ = running.app

    with running:
        names = running.call(running.app.engine.store.namespaces())

    assert names == {}
    with pytest.raises(NotRunning, match=r"^The server does not run: it has not started, or it has stopped\.$"):
        running.call(running.app.engine.store.namespaces())


def test_a_stopped_server_leaves_its_port_free() -> None:
    with ThreadedServer(Settings(port=0)) as running:
        port = int(running.base_url.rpartition(":")[2])

    with ThreadedServer(Settings(port=port)) as again:
        assert get(f"{again.base_url}/__emulator/health")[0] == 200


def test_a_server_on_every_address_is_named_by_loopback() -> None:
    with ThreadedServer(Settings(host="0.0.0.0", port=0, token="secret")) as running:
        assert running.base_url.startswith("http://127.0.0.1:")
