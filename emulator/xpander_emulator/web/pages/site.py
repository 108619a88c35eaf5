"""The pages below /__emulator: which there are, who may open them, and what a browser may do on them."""

import logging
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.types import Receive, Scope, Send

from xpander_emulator.common.types import Headers
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import EmulatorError, NotFound
from xpander_emulator.report.registry import Reports
from xpander_emulator.settings import Settings
from xpander_emulator.web.auth import Keys, Unauthorized
from xpander_emulator.web.control_access import ControlAccess, Forbidden
from xpander_emulator.web.errors import phrase
from xpander_emulator.web.http import ClientGone, Request, Response
from xpander_emulator.web.pages import assets
from xpander_emulator.web.pages.decision import HTML, DecisionPages, page_headers, render_page
from xpander_emulator.web.pages.links import PREFIX, Links

_HOME: Final = f"{PREFIX}/"
# The file of each page.
SHELLS: Final = {
    _HOME: "index.html",
    f"{PREFIX}/journal": "journal.html",
    f"{PREFIX}/present": "present.html",
    f"{PREFIX}/docs": "docs.html",
}
# Rendered by the server itself.
_REPORT: Final = f"{PREFIX}/report"
_FILES: Final = f"{PREFIX}/pages/"
_LINKS: Final = (f"{PREFIX}/decision/", f"{PREFIX}/consent/")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_READING: Final = ("GET", "HEAD")
_NAVIGATION: Final = {
    "Tasks": _HOME,
    "Journal": f"{PREFIX}/journal",
    "Present": f"{PREFIX}/present",
    "Contract": f"{PREFIX}/docs",
    "Report of all namespaces": f"{_REPORT}?all=true",
}
_logger = logging.getLogger("xpander_emulator")


class Site:
    """Every page of the emulator, as an ASGI application."""

    def __init__(self, engine: Engine, reports: Reports, links: Links, settings: Settings) -> None:
        self._reports = reports
        self._default = Keys(settings).default
        self._access = ControlAccess(settings)
        self._decisions = DecisionPages(engine, links, self._access, reports.conduct.follow)
        self._has_token = settings.token is not None

    def has(self, path: str) -> bool:
        """Return whether a path is that of a page, or of a file or link that belongs to one."""
        return path in SHELLS or path in (PREFIX, _REPORT) or path.startswith((_FILES, *_LINKS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an error is a page too."""
        request = Request(scope, receive, {})
        try:
            response = await self._answer(request)
        except ClientGone:
            return
        except EmulatorError as error:
            response = _error_page(error)
            if error.status >= 500:
                _logger.error("%s", error.message)
        await response.send(send, response.all_headers())

    async def home(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect a browser to the pages."""
        response = _redirect(_HOME)
        await response.send(send, response.all_headers())

    async def _answer(self, request: Request) -> Response:
        path, method = request.scope["path"], request.scope["method"]
        is_link = path.startswith(_LINKS)
        allowed = (*_READING, "POST") if is_link else _READING
        if method not in allowed:
            return Response(405, b"", HTML, ((b"allow", ", ".join(allowed).encode()), *page_headers()))
        if path.startswith(_FILES):
            return _file(request, path.removeprefix(_FILES))
        if not is_link:
            return self._redirected(request, path) or await self._page(request, path)
        # With a token nobody can make a link; without one the links of a server of known seed can be guessed, so that
        # a page of another site whose name points here must not reach them.
        if not self._has_token:
            self._access.check_host(request)
        link = path.rpartition("/")[2]
        return await (self._decisions.take(request, link) if method == "POST" else self._decisions.show(request, link))

    async def _page(self, request: Request, path: str) -> Response:
        return _file(request, SHELLS[path]) if path in SHELLS else await self._report(request)

    async def _report(self, request: Request) -> Response:
        """Return what clients of a namespace, or of all, have met, and how they behaved."""
        from xpander_emulator.report.render import html
        from xpander_emulator.report.report import Report
        from xpander_emulator.report.summary import summarize

        query = dict(parse_qsl(request.query.decode("latin-1")))
        namespace = query.get("namespace", self._default)
        coverage, conduct = self._reports.coverage, self._reports.conduct
        if query.get("all") == "true":
            report = Report(summarize(coverage.of_all()), await conduct.of_all())
        else:
            report = Report(summarize(coverage.of(namespace)), await conduct.of(namespace))
        page = html.render(report, _NAVIGATION)
        policy = POLICY.replace("style-src 'self'", f"style-src {html.STYLE_SOURCE}").encode()
        headers = ((b"content-security-policy", policy), (b"cache-control", b"no-store"), *_HEADERS[1:])
        return Response(200, page.encode(), HTML, headers)

    def _redirected(self, request: Request, path: str) -> Response | None:
        """Return where a browser is redirected first, or None where it may see the page. Raises Unauthorized."""
        self._access.check_origin(request)
        query = dict(parse_qsl(request.query.decode("latin-1"), keep_blank_values=True))
        if "token" in query:
            return self._log_in(request, path, query)
        if path == PREFIX:
            return _redirect(_HOME)
        if not self._access.has_token(request):
            raise Unauthorized("Enter it once; a cookie keeps this browser logged in.")
        return None

    def _log_in(self, request: Request, path: str, query: dict[str, str]) -> Response:
        """Move the token from the URL, where others could read it, into a cookie. Raises Unauthorized."""
        if not self._access.is_token(query.pop("token")):
            raise Unauthorized("That is not this server's token.")
        location = (_HOME if path == PREFIX else path) + (f"?{urlencode(query)}" if query else "")
        cookie = self._access.cookie(secure=request.scope["scheme"] == "https")
        return _redirect(location, ((b"set-cookie", cookie.encode()),) if self._has_token else ())


def is_browser(scope: Scope) -> bool:
    """Return whether a request is for a page to look at; any other client of an unknown path gets an error."""
    accept = dict(scope["headers"]).get(b"accept", b"")
    return scope["method"] in _READING and b"text/html" in accept


def _file(request: Request, name: str) -> Response:
    asset = assets.asset(name)
    if asset is None:
        raise NotFound(f"There is no file '{name[:100]}' here.")
    return assets.response(request, asset, _HEADERS)


def _redirect(location: str, headers: Headers = ()) -> Response:
    common = ((b"location", location.encode("ascii", "replace")), (b"cache-control", b"no-store"))
    return Response(303, b"", HTML, (*common, *headers, *_HEADERS))


def _error_page(error: EmulatorError) -> Response:
    """Return the page for an error; where the token is missing, it has a form for it."""
    title = _TITLES.get(type(error), phrase(error.status))
    html = render_page("message", title=title, text=error.message, wants_token=isinstance(error, Unauthorized))
    return Response(error.status, html, HTML, page_headers())


_TITLES: Final[dict[type[EmulatorError], str]] = {
    NotFound: "There is nothing here",
    Unauthorized: "This server needs its token",
    Forbidden: "Not allowed from there",
}
