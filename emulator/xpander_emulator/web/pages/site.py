"""The pages below /__emulator: which there are, who may see them, and what a browser may do on them."""

import logging
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.types import Receive, Scope, Send

from xpander_emulator.common.types import Headers
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import EmulatorError, NotFound
from xpander_emulator.report.registry import Reports
from xpander_emulator.settings import Settings
from xpander_emulator.web.auth import ControlAccess, Forbidden, Keys, Unauthorized
from xpander_emulator.web.errors import phrase
from xpander_emulator.web.http import ClientGone, Request, Response
from xpander_emulator.web.pages import assets
from xpander_emulator.web.pages.decision import HTML, PREFIX, Links, People, page_of, people_headers

_HOME: Final = f"{PREFIX}/"
# The file that stands behind each page.
SHELLS: Final = {
    _HOME: "index.html",
    f"{PREFIX}/journal": "journal.html",
    f"{PREFIX}/present": "present.html",
    f"{PREFIX}/docs": "docs.html",
}
# Written by the server itself.
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
_TO_OTHERS: Final = {
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
        self._gate = ControlAccess(settings)
        self._people = People(engine, links, self._gate, reports.conduct.follow)
        self._has_token = settings.token is not None

    def has(self, path: str) -> bool:
        """Tell whether a path is that of a page, or of something that belongs to one."""
        return path in SHELLS or path in (PREFIX, _REPORT) or path.startswith((_FILES, *_LINKS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong is a page too."""
        request = Request(scope, receive, {})
        try:
            response = await self._answer(request)
        except ClientGone:
            return
        except EmulatorError as error:
            response = _message(error)
            if error.status >= 500:
                _logger.error("%s", error.message)
        await response.send(send, response.all_headers())

    async def home(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lead a browser to the pages."""
        response = _redirect(_HOME)
        await response.send(send, response.all_headers())

    async def _answer(self, request: Request) -> Response:
        path, method = request.scope["path"], request.scope["method"]
        is_link = path.startswith(_LINKS)
        if method not in (*_READING, "POST") or (method == "POST" and not is_link):
            return _not_allowed(", ".join((*_READING, "POST") if is_link else _READING))
        if path.startswith(_FILES):
            return _file(request, path.removeprefix(_FILES))
        if not is_link:
            return self._elsewhere(request, path) or await self._page(request, path)
        self._check_stranger(request)
        link = path.rpartition("/")[2]
        return await (self._people.take(request, link) if method == "POST" else self._people.show(request, link))

    def _check_stranger(self, request: Request) -> None:
        # With a token nobody can make a link; without one the links of a server of known seed can be guessed, so that
        # a page of another site that made its name point here must not reach them.
        if not self._has_token:
            self._gate.check_host(request)

    async def _page(self, request: Request, path: str) -> Response:
        return _file(request, SHELLS[path]) if path in SHELLS else await self._report(request)

    async def _report(self, request: Request) -> Response:
        """Return what clients of a namespace, or of all, have met, and how they behaved."""
        from xpander_emulator.report.render import html
        from xpander_emulator.report.report import Report
        from xpander_emulator.report.summary import summarize

        sent = dict(parse_qsl(request.query.decode("latin-1")))
        namespace = sent.get("namespace", self._default)
        coverage, conduct = self._reports.coverage, self._reports.conduct
        if sent.get("all") == "true":
            found, findings = coverage.of_all(), await conduct.of_all()
        else:
            found, findings = coverage.of(namespace), await conduct.of(namespace)
        page = html.render(Report(summarize(found), findings), _TO_OTHERS)
        policy = POLICY.replace("style-src 'self'", f"style-src {html.STYLE_SOURCE}").encode()
        headers = ((b"content-security-policy", policy), (b"cache-control", b"no-store"), *_HEADERS[1:])
        return Response(200, page.encode(), HTML, headers)

    def _elsewhere(self, request: Request, path: str) -> Response | None:
        """Return where a browser is led first, or None where it may see the page. Raises Unauthorized."""
        self._gate.check_origin(request)
        sent = dict(parse_qsl(request.query.decode("latin-1"), keep_blank_values=True))
        if "token" in sent:
            return self._let_in(request, path, sent)
        if path == PREFIX:
            return _redirect(_HOME)
        if not self._gate.has_token(request):
            raise Unauthorized("Give it once; a cookie keeps you in.")
        return None

    def _let_in(self, request: Request, path: str, sent: dict[str, str]) -> Response:
        """Take the token out of the address, where others could read it, into a cookie."""
        if not self._gate.is_token(sent.pop("token")):
            raise Unauthorized("That is not this server's token.")
        place = (_HOME if path == PREFIX else path) + (f"?{urlencode(sent)}" if sent else "")
        cookie = self._gate.cookie(secure=request.scope["scheme"] == "https")
        return _redirect(place, ((b"set-cookie", cookie.encode()),) if self._has_token else ())


def is_browser(scope: Scope) -> bool:
    """Tell whether somebody asks for a page to look at; a program that lost its way is better told so."""
    accept = dict(scope["headers"]).get(b"accept", b"")
    return scope["method"] in _READING and b"text/html" in accept


def _file(request: Request, name: str) -> Response:
    found = assets.asset(name)
    if found is None:
        raise NotFound(f"There is no file '{name[:100]}' here.")
    return assets.response(request, found, _HEADERS)


def _redirect(location: str, headers: Headers = ()) -> Response:
    kept = ((b"location", location.encode("ascii", "replace")), (b"cache-control", b"no-store"))
    return Response(303, b"", HTML, (*kept, *headers, *_HEADERS))


def _not_allowed(allow: str) -> Response:
    return Response(405, b"", HTML, ((b"allow", allow.encode()), *people_headers()))


def _message(error: EmulatorError) -> Response:
    """Return the page that tells what is wrong; where the token is, it asks for it."""
    title = _TITLES.get(type(error), phrase(error.status))
    texts = page_of("message", title=title, text=error.message, wants_token=isinstance(error, Unauthorized))
    return Response(error.status, texts, HTML, people_headers())


_TITLES: Final[dict[type[EmulatorError], str]] = {
    NotFound: "There is nothing here",
    Unauthorized: "This server asks for its token",
    Forbidden: "Not from there",
}
