"""Access to the control API and the pages: the token, and the Host and Origin of a request."""

import hmac
from hashlib import sha256
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from xpander_emulator.errors import EmulatorError
from xpander_emulator.settings import Settings
from xpander_emulator.web.auth import Unauthorized, cookies
from xpander_emulator.web.http import Request

_COOKIE: Final = "emulator-token"


class Forbidden(EmulatorError):
    """A request from a host or a page that may not use the control API."""

    status = 403


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only be reached from this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class ControlAccess:
    """Checks that a request may use the control API.

    Host:   a page of another site whose name points here would send that name (DNS rebinding).
    Origin: a browser names the page of another site that sends a request here.
    """

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        public = urlsplit(settings.public_url or "")
        self._public = public.netloc
        self._hosts = frozenset(
            {settings.host, *settings.allow_hosts, *((public.hostname,) if public.hostname else ())}
        )

    def check_origin(self, request: Request) -> None:
        """Raise Forbidden unless Host and Origin are those of this server."""
        self.check_host(request)
        origin = request.header(b"origin")
        if origin is not None and not self._is_own(origin, request):
            raise Forbidden(f"The control API takes no request from a page of '{origin}', only from its own pages.")

    def check_host(self, request: Request) -> None:
        """Raise Forbidden unless Host is that of this server."""
        host = _host(request).hostname
        if host is None or not (is_loopback(host) or host in self._hosts):
            raise Forbidden(f"Host '{host or ''}' is not known here. If it is yours, serve with --allow-host.")

    def check_form(self, request: Request) -> None:
        """Raise Forbidden unless a form was sent by a page of this server, or by no page at all."""
        # Every browser of today names the page by this header, unless the address is plain http of another machine
        # (source: Fetch Metadata Request Headers, 3); then Origin names it.
        site = request.header(b"sec-fetch-site")
        origin = request.header(b"origin")
        if site not in (None, "same-origin") or (site is None and origin and not self._is_own(origin, request)):
            raise Forbidden("This answer was sent by a page of another site, and was rejected. Open the link itself.")

    def check_token(self, request: Request) -> None:
        """Raise Unauthorized unless a request has the token, on a server that has one."""
        if not self.has_token(request):
            raise Unauthorized("The control API needs the server's token: `Authorization: Bearer TOKEN`.")

    def has_token(self, request: Request) -> bool:
        """Return whether a request has the server's token, as Bearer or by the pages' cookie; True without a token."""
        scheme, _, sent = (request.header(b"authorization") or "").partition(" ")
        return self.is_token(sent.strip() if scheme.lower() == "bearer" else "") or self._has_cookie(request)

    def is_token(self, sent: str) -> bool:
        """Return whether a text is the server's token; any text is, on a server without one."""
        return self._token is None or hmac.compare_digest(sent.encode(), self._token.encode())

    def cookie(self, *, secure: bool) -> str:
        """Return the `Set-Cookie` that authenticates a browser from now on; the token cannot be computed from it."""
        name, value = self._cookie()
        rest = "; Secure" if secure else ""
        return f"{name}={value}; Path=/__emulator; HttpOnly; SameSite=Strict{rest}"

    def _has_cookie(self, request: Request) -> bool:
        name, value = self._cookie()
        sent = cookies(request.header(b"cookie") or "").get(name, "")
        return hmac.compare_digest(sent.encode(), value.encode())

    def _cookie(self) -> tuple[str, str]:
        # Cookies know no port: the name differs by token, so that servers of one host do not overwrite each other's.
        digest = hmac.digest((self._token or "").encode(), _COOKIE.encode(), sha256).hex()
        return f"{_COOKIE}-{digest[:8]}", digest[8:]

    def _is_own(self, origin: str, request: Request) -> bool:
        own = _host(request).netloc
        return _split(origin).netloc in (own, self._public or own)


def _host(request: Request) -> SplitResult:
    return _split(f"//{request.header(b'host') or ''}")


def _split(url: str) -> SplitResult:
    """Return the parts of a URL that a client sent; empty parts for a text that is no URL."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
