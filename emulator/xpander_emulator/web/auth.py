"""API keys: which are accepted, the namespace of each, and where a request carries them."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from xpander_emulator.contract.model import Credential
from xpander_emulator.errors import EmulatorError
from xpander_emulator.settings import DEFAULT_KEY, DEFAULT_NAMESPACE, Settings
from xpander_emulator.web.http import Request

# The text that the API itself answers with (source: the vendor's delete-task page).
MISSING_KEY: Final = "Invalid or missing API key"
MAX_KEY: Final = 1_024


class Unauthorized(EmulatorError):
    """No key or token, or one that this server does not accept."""

    status = 401


class Keys:
    """The API keys that are accepted, each with its namespace."""

    def __init__(self, settings: Settings) -> None:
        self._named = {key: name or derived_namespace(key) for key, name in settings.api_keys}
        self.default = next(iter(self._named.values()), DEFAULT_NAMESPACE)

    def namespace(self, key: str | None) -> str:
        """Return the namespace of a key. Raises Unauthorized."""
        if not key or len(key) > MAX_KEY:
            raise Unauthorized(MISSING_KEY)
        if not self._named:
            return DEFAULT_NAMESPACE if key == DEFAULT_KEY else derived_namespace(key)
        if key not in self._named:
            raise Unauthorized(MISSING_KEY)
        return self._named[key]


@lru_cache(maxsize=4096)
def derived_namespace(key: str) -> str:
    """Return the namespace of a key that has no name in the settings: a hash, so that the key is shown nowhere."""
    return f"ns-{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest()}"


def credential_of(request: Request, security: Sequence[Sequence[Credential]]) -> str | None:
    """Return the first credential of the first alternative all of whose credentials a request has; None without one."""
    for alternative in security:
        if not alternative:
            return None
        first = _sent(request, alternative[0])
        if first and all(_sent(request, credential) for credential in alternative[1:]):
            return first
    return None


def _sent(request: Request, credential: Credential) -> str | None:
    """Return the value of a credential in a request; None where the request has none."""
    if credential.place == "query":
        return parse_qs(request.query.decode("latin-1")).get(credential.name, [None])[-1]
    if credential.place == "cookie":
        return cookies(request.header(b"cookie") or "").get(credential.name)
    value = request.header(credential.name.encode("latin-1", "replace"))
    if value is None or not credential.scheme:
        return value
    scheme, _, text = value.partition(" ")
    return text.strip() if scheme.lower() == credential.scheme else None


def cookies(header: str) -> dict[str, str]:
    """Return the cookies in a `Cookie` header; none of one that cannot be read."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
