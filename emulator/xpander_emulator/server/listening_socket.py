"""The listening socket: whether settings allow a server to be reached, and the socket that it listens on."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from xpander_emulator.common.os_errors import reason
from xpander_emulator.errors import EmulatorError
from xpander_emulator.settings import MEMORY, Settings
from xpander_emulator.web.control_access import is_loopback

# The xpander SDK looks for these digits anywhere in its base URL and then talks to another path or another host.
FORBIDDEN_IN_PORT: Final = ("9016", "8085")
EVERY_ADDRESS: Final = ("", "0.0.0.0", "::")  # noqa: S104  names of a choice, nothing is bound to them here


class BadChoice(EmulatorError):
    """Settings that contradict each other or are unsafe; the message says what to change."""


class CannotStart(EmulatorError):
    """The settings are right, but this machine does not let the server start."""


def check(settings: Settings) -> None:
    """Raise BadChoice for settings with which a client could not, or must not, reach the server."""
    for digits in FORBIDDEN_IN_PORT:
        if digits in str(settings.port):
            raise BadChoice(
                f"Port {settings.port} contains {digits}: the xpander SDK takes such a base URL for another service "
                "and rewrites it. Choose another port, for instance --port 4020, or --port 0 for a free one."
            )
    if settings.watch and not settings.scenarios:
        raise BadChoice("There is nothing to watch: name the folder of your scenarios with --scenarios.")
    if not settings.token and not is_loopback(settings.host.strip("[]")):
        raise BadChoice(
            f"Host '{settings.host}' can be reached from other machines, and the control API would be open to them. "
            "Add --token TOKEN (or EMULATOR_TOKEN), or stay on --host 127.0.0.1."
        )
    if settings.workers > 1 and settings.store == MEMORY:
        raise BadChoice(
            f"{settings.workers} workers need a store that they share, and memory is each one's own. "
            "Add --store sqlite:PATH or --store redis://HOST:PORT, or stay with one worker."
        )
    if settings.workers > 1 and not hasattr(os, "fork"):
        raise BadChoice("Several workers need a system that can fork, such as Linux or macOS. Stay with one worker.")


@contextmanager
def bind(settings: Settings) -> Iterator[socket.socket]:
    """Provide a bound socket that does not listen yet, and close it at the end. Raises BadChoice and CannotStart."""
    check(settings)
    family, address = _resolve(settings.host)
    for _ in range(100):
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            if os.name == "posix":  # elsewhere the option would let two servers share one port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bind_to(listener, address, settings)
            if not any(digits in str(listener.getsockname()[1]) for digits in FORBIDDEN_IN_PORT):
                yield listener
                return
    raise CannotStart("No free port was found whose digits the xpander SDK leaves alone. Choose one with --port.")


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    """Return family and address of a host; IPv4 first, because clients try 127.0.0.1 for `localhost`."""
    try:
        addresses = socket.getaddrinfo(host.strip("[]") or "0.0.0.0", None, type=socket.SOCK_STREAM)  # noqa: S104  the user's
    except OSError:
        raise CannotStart(f"Host '{host}' is not known on this machine. Choose --host 127.0.0.1.") from None
    family, _, _, _, address = min(addresses, key=lambda info: info[0] != socket.AF_INET)
    return family, str(address[0])


def _bind_to(listener: socket.socket, address: str, settings: Settings) -> None:
    port = settings.port
    try:
        listener.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = (
                f"Port {port} on {settings.host} is in use. Stop the other server or choose --port 0 for a free one."
            )
        elif error.errno in (errno.EACCES, errno.EPERM):
            message = f"Port {port} needs rights that this user does not have. Choose a port above 1023, or --port 0."
        elif error.errno == errno.EADDRNOTAVAIL:
            message = f"Host '{settings.host}' is no address of this machine. Choose --host 127.0.0.1."
        else:
            message = f"Port {port} on {settings.host} cannot be used: {reason(error)}."
        raise CannotStart(message) from None


def base_url(host: str, listener: socket.socket) -> str:
    """Return the URL by which a client on this machine reaches `listener`."""
    name = host.strip("[]")
    if name in EVERY_ADDRESS:
        name = "::1" if listener.family == socket.AF_INET6 else "127.0.0.1"
    return f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"
