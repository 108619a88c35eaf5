"""Who may come in: API keys and their namespaces for the API; token, Host and Origin for the control API."""

import hmac
from functools import lru_cache
from hashlib import blake2b
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from emulator.contract.spec import Credential
from emulator.errors import EmulatorError
from emulator.settings import DEFAULT_KEY, DEFAULT_NAMESPACE, Settings
from emulator.web.exchange import Request

# The text that the API itself answers with (source: the vendor's delete-task page).
MISSING_KEY: Final = "Invalid or missing API key"
MAX_KEY: Final = 1_024


class Unauthorized(EmulatorError):
    """No key, or one that is not welcome."""

    status = 401


class Forbidden(EmulatorError):
    """A request to the control API that did not come from where it may."""

    status = 403


class Keys:
    """Which API keys are welcome, and which namespace each one opens."""

    def __init__(self, settings: Settings) -> None:
        self._named = {key: name or derived_namespace(key) for key, name in settings.api_keys}
        self.default = next(iter(self._named.values()), DEFAULT_NAMESPACE)

    def namespace(self, key: str | None) -> str:
        """Return the namespace that a key opens. Raises Unauthorized."""
        if not key or len(key) > MAX_KEY:
            raise Unauthorized(MISSING_KEY)
        if not self._named:
            return DEFAULT_NAMESPACE if key == DEFAULT_KEY else derived_namespace(key)
        if key not in self._named:
            raise Unauthorized(MISSING_KEY)
        return self._named[key]


@lru_cache(maxsize=4096)
def derived_namespace(key: str) -> str:
    """Return the namespace of a key that was given no name: a hash, so that the key is told nowhere."""
    return f"ns-{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest()}"


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be reached from this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def credential_of(request: Request, security: tuple[tuple[Credential, ...], ...]) -> str | None:
    """Return the first credential of the first alternative that a request carries whole; None where it carries none."""
    for alternative in security:
        sent = [_sent(request, credential) for credential in alternative]
        if all(sent):
            return sent[0]
    return None


def _sent(request: Request, credential: Credential) -> str | None:
    """Return a credential as it was sent, None where it was not."""
    if credential.place == "query":
        return parse_qs(request.query.decode("latin-1")).get(credential.name, [None])[-1]
    if credential.place == "cookie":
        return _cookies(request.header(b"cookie") or "").get(credential.name)
    value = request.header(credential.name.encode("latin-1", "replace"))
    if value is None or not credential.scheme:
        return value
    scheme, _, told = value.partition(" ")
    return told.strip() if scheme.lower() == credential.scheme else None


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


class ControlGate:
    """Lets a request to the control API in, or says why not.

    Host: a page of another site that made its name point here would carry that name (DNS rebinding).
    Origin: a page of another site that posts here would be named by its browser.
    """

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        public = urlsplit(settings.public_url or "").hostname
        self._hosts = frozenset({settings.host, *settings.allow_hosts, *((public,) if public else ())})

    def check_origin(self, request: Request) -> None:
        """Raise Forbidden unless Host and Origin are ours."""
        host = _split(f"//{request.header(b'host') or ''}")
        if not self._is_ours(host.hostname):
            raise Forbidden(f"Host '{host.hostname or ''}' is not known here. If it is yours, serve with --allow-host.")
        origin = request.header(b"origin")
        if origin is not None and _split(origin).netloc != host.netloc:
            raise Forbidden(f"The control API takes no request from a page of '{origin}'.")

    def check_token(self, request: Request) -> None:
        """Raise Unauthorized unless the token is right, where one is asked for."""
        if self._token is None:
            return
        scheme, _, sent = (request.header(b"authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(sent.strip().encode(), self._token.encode()):
            raise Unauthorized("The control API needs the server's token: `Authorization: Bearer TOKEN`.")

    def _is_ours(self, host: str | None) -> bool:
        return host is not None and (is_loopback(host) or host in self._hosts)


def _split(url: str) -> SplitResult:
    """Return the parts of a URL that a stranger sent; of one that has none, empty ones."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
