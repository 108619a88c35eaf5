"""Links for people: they contain no key, and nobody can make one for another task."""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import scrypt, sha256
from typing import Final

from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import NotFound
from xpander_emulator.settings import Settings

# Below this path are the control API and the pages.
PREFIX: Final = "/__emulator"
# The page for each kind of pause.
PAGES: Final = {"hitl": "decision", "eca": "consent"}
_MAC_BYTES: Final = 16
_KEY_BYTES: Final = 32
# 16 MiB and 50 ms for each guess of a token (RFC 7914, 2: memory is 128 * n * r bytes). Twice as much would exceed the
# 100 ms for which an event loop may be blocked.
_N, _R, _P = 2**14, 8, 1


@dataclass(frozen=True, slots=True)
class Link:
    """What a link leads to: one visit of a step, in one turn of one task.

    turn:  counted from 0.
    visit: its index among the visits of the turn, from 0; a scenario may visit a step several times.
    """

    namespace: str
    task_id: str
    turn: int
    step: str
    visit: int


class Links:
    """Makes the links that are sent to people, and reads them.

    salt: returns the store's salt; called with the first link.
    """

    def __init__(self, settings: Settings, salt: Callable[[], bytes]) -> None:
        self._seed, self._token = settings.seed, settings.token
        self._salt = salt
        self._public_url = settings.public_url

    @cached_property
    def _secret(self) -> bytes:
        return secret_of_token(self._token, self._salt()) if self._token else secret_of_seed(self._seed)

    def consent(self, task_state: TaskState) -> str:
        """Return the URL of the page on which a credential is authorized."""
        return self._url("consent", task_state)

    def pause(self, task_state: TaskState) -> str | None:
        """Return the URL of the page on which a person answers the present pause; None without one."""
        pause = task_state.snapshot.pause
        return None if pause is None else self._url(PAGES[pause.kind], task_state)

    def read(self, text: str) -> Link:
        """Return what a link leads to. Raises NotFound for one of another server, and StoreUnavailable."""
        return verify(text, self._secret)

    def _url(self, page: str, task_state: TaskState) -> str:
        snapshot = task_state.snapshot
        link = Link(
            task_state.namespace, task_state.task.id, task_state.number, snapshot.step.id, len(snapshot.visits) - 1
        )
        return f"{self._public_url or task_state.turn.origin}{PREFIX}/{page}/{sign(link, self._secret)}"


def secret_of_token(token: str, salt: bytes) -> bytes:
    """Return the secret of a server with a token, by which a link's owner can try 20 tokens a second and core at most.

    Takes 50 ms. salt: random, so that what was computed for one server is of no use against another.
    """
    return scrypt(token.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=_KEY_BYTES)


def secret_of_seed(seed: int) -> bytes:
    """Return the secret of a server without a token, which protects nothing: equal runs give equal links."""
    return f"{seed}\0".encode()


def sign(link: Link, secret: bytes) -> str:
    """Return the text of a link, safe in a URL's path."""
    content = "\0".join((link.namespace, link.task_id, str(link.turn), link.step, str(link.visit))).encode()
    return base64.urlsafe_b64encode(_mac(content, secret) + content).rstrip(b"=").decode()


def verify(text: str, secret: bytes) -> Link:
    """Return what a link leads to. Raises NotFound if it was not signed with this secret."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    mac, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(content, secret)):
        raise NotFound("This link was not made by this server, or is incomplete. Copy all of it.")
    namespace, _, rest = content.decode().partition("\0")
    task_id, turn, step, visit = rest.rsplit("\0", 3)
    return Link(namespace, task_id, int(turn), step, int(visit))


def _mac(content: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, content, sha256)[:_MAC_BYTES]
