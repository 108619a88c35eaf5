import socket

import pytest

from xpander_emulator.server import listening_socket
from xpander_emulator.server.listening_socket import BadChoice, CannotStart
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


def test_a_port_in_use_is_told_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        wanted = f"^Port {port} on 127.0.0.1 is in use. Stop the other server or choose --port 0 for a free one.$"
        with pytest.raises(CannotStart, match=wanted):
            ThreadedServer(Settings(port=port)).start()


@pytest.mark.parametrize("port", [9016, 19016, 8085, 48085])
def test_a_port_that_the_sdk_would_rewrite_is_refused(port: int) -> None:
    with pytest.raises(BadChoice, match=f"^Port {port} contains (9016|8085): the xpander SDK takes such a base URL"):
        listening_socket.check(Settings(port=port))


def test_a_free_port_is_drawn_again_while_the_sdk_would_rewrite_it(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    class Socket(socket.socket):
        def getsockname(self) -> tuple[str, int]:
            drawn.append(59016 if len(drawn) < 2 else 50001)
            return "127.0.0.1", drawn[-1]

    monkeypatch.setattr(socket, "socket", Socket)

    with listening_socket.bind(Settings(port=0)):
        assert drawn[:3] == [59016, 59016, 50001]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.7", "my-machine"])
def test_off_loopback_a_token_is_needed(host: str) -> None:
    with pytest.raises(BadChoice, match=r"can be reached from other machines.* Add --token TOKEN"):
        listening_socket.check(Settings(host=host))

    listening_socket.check(Settings(host=host, token="secret"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_on_loopback_no_token_is_needed(host: str) -> None:
    listening_socket.check(Settings(host=host))


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(CannotStart, match=r"Host '192.0.2.1' is no address of this machine"):
        ThreadedServer(Settings(host="192.0.2.1", port=0, token="secret")).start()
