"""The pages for people who were sent a link: to decide for a human, or to authorize a connector.

They need no token: a person with the link may answer. They have forms and no script, so that every reader can answer.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from xpander_emulator.clock import iso
from xpander_emulator.common import resources
from xpander_emulator.common.types import Headers
from xpander_emulator.core.replay import Visit, moments
from xpander_emulator.core.signals import EXPIRE, STOP, UPDATE
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BadRequest, Conflict, EmulatorError, NotFound
from xpander_emulator.web.control_access import ControlAccess
from xpander_emulator.web.http import BodyTooLarge, Request, Response
from xpander_emulator.web.pages.links import PAGES, PREFIX, Link, Links

if TYPE_CHECKING:
    from jinja2 import Environment

HTML: Final = "text/html; charset=utf-8"
MAX_FORM: Final = 64 * 1024
FORM: Final = "application/x-www-form-urlencoded"
# The bounds of the control API, in characters.
_MAX_NAME, _MAX_REASON = 1_000, 10_000
# An origin that may stand in a Content-Security-Policy as it is.
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?")
# The emulator has no endpoint at which a code could be exchanged for a token.
_CODE: Final = "emulated"
_CLOSE, _WRONG_USER = "close", "wrong_user"
_HEADINGS: Final = {
    "approve": "Approved",
    "reject": "Rejected",
    "authorize": "Access was given",
    "deny": "Access was denied",
    EXPIRE: "Nobody answered in time",
    STOP: "The task was stopped before anybody answered",
    UPDATE: "The task went on before anybody answered",
}


class Gone(EmulatorError):
    """A link whose task or turn no longer exists."""

    status = 410


class NotAForm(EmulatorError):
    """An answer that was not sent by a form."""

    status = 415


@dataclass(frozen=True, slots=True)
class LinkedPause:
    """The pause that a link leads to.

    task_state: of the link's turn, now.
    kind:       "hitl" or "eca".
    shown:      what a person sees of it: title, content, scopes and the like.
    next_visit: the visit that followed, once the pause is over.
    """

    link: Link
    task_state: TaskState
    kind: str
    shown: Mapping[str, Any]
    next_visit: Visit | None

    @property
    def choices(self) -> Sequence[str]:
        """The signals that a person can send now."""
        return () if self.next_visit else [name for name in self.task_state.snapshot.waits_for if name != STOP]

    @property
    def heading(self) -> str:
        """How the pause ended, in a few words; "" while it goes on."""
        cause = self.next_visit and self.next_visit.cause
        return "" if cause is None else _HEADINGS.get(cause, f"Answered with '{cause}'")


class DecisionPages:
    """Shows a pause to the person who was sent its link, and takes the answer.

    on_consent: called with the namespace of each page that is opened to authorize a credential.
    """

    def __init__(self, engine: Engine, links: Links, access: ControlAccess, on_consent: Callable[[str], None]) -> None:
        self._engine = engine
        self._links = links
        self._access = access
        self._on_consent = on_consent

    async def show(self, request: Request, link: str) -> Response:
        """Return the page of a link. Raises NotFound, Gone and BadRequest; no task changes."""
        pause, back = await self._pause(link), _redirect_uri(request)
        if pause.kind == "eca":
            self._on_consent(pause.link.namespace)
        is_closed = pause.next_visit is None and _query(request).get("window") == "closed"
        return _page(pause, back, notice="closed" if is_closed else "")

    async def take(self, request: Request, link: str) -> Response:
        """Take an answer and redirect to the page that shows what came of it.

        Raises what `show` does, Forbidden for a form of another site, NotAForm and BodyTooLarge; 409 if it is too late.
        """
        self._access.check_form(request)
        form, back = await _form(request), _redirect_uri(request)
        pause = await self._pause(link)
        path, query = _path(request), _query(request)
        answer, reason = form.get("answer", ""), form.get("reason", "").strip()
        if answer == _CLOSE:
            return _see_other(f"{path}?{urlencode({**query, 'window': 'closed'})}")
        if answer == _WRONG_USER:
            answer, reason = "deny", "signed in as another user"
        if pause.next_visit is not None:
            return _page(pause, back, 409, "late")
        if answer not in pause.choices:
            raise BadRequest(f"'{answer}' is not an answer to this question; send one of {', '.join(pause.choices)}.")
        by = form.get("by", "").strip() or f"{PAGES[pause.kind]} page"
        try:
            await self._send(pause.link, answer, by, reason)
        except Conflict:
            return _page(await self._pause(link), back, 409, "late")
        if back is not None and answer in ("authorize", "deny"):
            return _see_other(_callback(back, answer, query.get("state")))
        query.pop("window", None)
        return _see_other(path + (f"?{urlencode(query)}" if query else ""))

    async def _send(self, link: Link, signal: str, by: str, reason: str) -> None:
        place = (link.turn, link.step)
        reason_or_none = reason[:_MAX_REASON] or None
        await self._engine.signal(
            link.namespace, link.task_id, signal, by=by[:_MAX_NAME], reason=reason_or_none, place=place
        )

    async def _pause(self, text: str) -> LinkedPause:
        link = self._links.read(text)
        try:
            task_state = await self._engine.task_states.turn(link.namespace, link.task_id, link.turn)
        except NotFound:
            raise Gone("The task of this link was deleted, or the emulator was reset.") from None
        visits = task_state.snapshot.visits
        visit = visits[link.visit] if link.visit < len(visits) else None
        step = None if visit is None or visit.cause in (STOP, UPDATE) else task_state.turn.timeline.steps[visit.step]
        if step is None or step.id != link.step or step.pause is None:
            raise Gone("The task of this link was started again, and no longer waits for this answer.")
        then = next(each for each in moments(task_state.turn, task_state.now) if len(each.visits) == link.visit + 1)
        shown = self._engine.renderer.pause_details(task_state._replace(snapshot=then))
        return LinkedPause(link, task_state, step.pause.kind, shown, next(iter(visits[link.visit + 1 :]), None))


def _page(pause: LinkedPause, back: SplitResult | None, status: int = 200, notice: str = "") -> Response:
    origin = back and f"{back.scheme}://{back.netloc}"
    template = "outcome" if pause.next_visit else PAGES[pause.kind]
    html = render_page(template, pause=pause, back=back and back.netloc, notice=notice, iso=iso)
    return Response(status, html, HTML, page_headers(f" {origin}" if origin else ""))


def page_headers(form_targets: str = "") -> Headers:
    """Return the headers of a page without script; its forms may lead to this server and to `form_targets`."""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"form-action 'self'{form_targets}; frame-ancestors 'none'"
    )
    return (
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        # Not `no-referrer`: a browser would then send a form without its origin (source: Fetch, 3.2).
        (b"referrer-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    )


def render_page(template: str, **values: Any) -> bytes:
    """Return a page made from a template of this folder; every value in it is escaped."""
    return _templates().get_template(f"{template}.html").render(prefix=PREFIX, **values).encode("utf-8", "replace")


@lru_cache(maxsize=1)
def _templates() -> "Environment":
    # Imported with the first page: a server that shows none starts sooner.
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(resources.TEMPLATES), autoescape=True, trim_blocks=True)


def _see_other(location: str) -> Response:
    return Response(303, b"", HTML, ((b"location", location.encode("ascii", "replace")), *page_headers()))


def _path(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _query(request: Request) -> dict[str, str]:
    try:
        return _fields(request.query.decode("latin-1"), 100)
    except ValueError:
        raise BadRequest("The link has more than 100 parameters.") from None


async def _form(request: Request) -> dict[str, str]:
    content_type = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if content_type != FORM:
        raise NotAForm(f"Content type '{content_type}' is not taken here; send {FORM}.")
    raw = await request.body(MAX_FORM)
    try:
        return _fields(raw.decode("utf-8", "replace"), 20)
    except ValueError:
        raise BodyTooLarge("The form has more than 20 fields.") from None


def _fields(text: str, limit: int) -> dict[str, str]:
    """Return the last value of each field. Raises ValueError for more fields than the limit."""
    return {name: values[-1] for name, values in parse_qs(text, max_num_fields=limit).items()}


def _redirect_uri(request: Request) -> SplitResult | None:
    """Return the URL to which a person is redirected afterwards, or None. Raises BadRequest for what is no URL."""
    uri = _query(request).get("redirect_uri")
    if uri is None:
        return None
    try:
        parts = urlsplit(uri)
    except ValueError:
        parts = urlsplit("")
    if not _ORIGIN.fullmatch(f"{parts.scheme}://{parts.netloc}") or not uri.isprintable():
        raise BadRequest(f"redirect_uri is '{uri}'; it must be a URL such as http://localhost:3000/callback.")
    return parts


def _callback(back: SplitResult, answer: str, state: str | None) -> str:
    """Return the URL with the answer as its parameters, by RFC 6749, 4.1.2."""
    parameters = {"code": _CODE} if answer == "authorize" else {"error": "access_denied"}
    query = urlencode(parameters if state is None else {**parameters, "state": state})
    return back._replace(query=f"{back.query}&{query}" if back.query else query, fragment="").geturl()
