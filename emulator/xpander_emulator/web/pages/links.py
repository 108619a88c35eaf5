"""Links that are given to people: they carry no key, and nobody can make one for another task."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from hashlib import scrypt, sha256
from typing import Final

from xpander_emulator.errors import NotFound

_MAC_BYTES: Final = 16
_KEY_BYTES: Final = 32
# 16 MiB and 50 ms for each guess of a token (RFC 7914, 2: memory is 128 * n * r bytes). Twice as much would exceed the
# 100 ms for which an event loop may stand still.
_N, _R, _P = 2**14, 8, 1


@dataclass(frozen=True, slots=True)
class Link:
    """What a link leads to: one visit of a step, in one turn of one task.

    visit: its place among those of the turn, counted from 0; a scenario may come to a step again.
    """

    namespace: str
    task_id: str
    turn: int
    step: str
    visit: int


def secret_of_token(token: str, salt: bytes) -> bytes:
    """Return the secret of a server with a token; who has a link cannot try tokens faster than 20 a second and core.

    Takes 50 ms. salt: random, so that what was computed for one server is of no use against another.
    """
    return scrypt(token.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=_KEY_BYTES)


def secret_of_seed(seed: int) -> bytes:
    """Return the secret of a server without a token, which protects nothing: equal runs give equal links."""
    return f"{seed}\0".encode()


def sign(link: Link, secret: bytes) -> str:
    """Return the text of a link, safe in a URL's path."""
    named = "\0".join((link.namespace, link.task_id, str(link.turn), link.step, str(link.visit))).encode()
    return base64.urlsafe_b64encode(_mac(named, secret) + named).rstrip(b"=").decode()


def verify(text: str, secret: bytes) -> Link:
    """Return what a link leads to. Raises NotFound if it was not signed with this secret."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotFound("This link is not one of ours.") from None
    mac, named = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(named, secret)):
        raise NotFound("This link is not one of ours.")
    namespace, _, rest = named.decode().partition("\0")
    task_id, turn, step, visit = rest.rsplit("\0", 3)
    return Link(namespace, task_id, int(turn), step, int(visit))


def _mac(named: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, named, sha256)[:_MAC_BYTES]
