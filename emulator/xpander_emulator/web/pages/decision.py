"""The pages of people who were sent a link: to decide for a human, or to authorize a connector.

They need no token: who has the link is the person. Forms and nothing else, no script, so that every reader can answer.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
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
from xpander_emulator.settings import Settings
from xpander_emulator.web.auth import ControlAccess
from xpander_emulator.web.http import BodyTooLarge, Request, Response
from xpander_emulator.web.pages.links import Link, secret_of_seed, secret_of_token, sign, verify

if TYPE_CHECKING:
    from jinja2 import Environment

PREFIX: Final = "/__emulator"
HTML: Final = "text/html; charset=utf-8"
MAX_FORM: Final = 64 * 1024
FORM: Final = "application/x-www-form-urlencoded"
# As the control API bounds them.
_MAX_NAME, _MAX_REASON = 1_000, 10_000
_PAGES: Final = {"hitl": "decision", "eca": "consent"}
# What may stand in a Content-Security-Policy as it is.
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?")
# The emulator has no endpoint at which a code could be exchanged for a token.
_CODE: Final = "emulated"
_CLOSE, _WRONG_USER = "close", "wrong_user"
_SAID: Final = {
    "approve": "Approved",
    "reject": "Rejected",
    "authorize": "Access was given",
    "deny": "Access was denied",
    EXPIRE: "Nobody answered in time",
    STOP: "The task was stopped before anybody answered",
    UPDATE: "The task went on before anybody answered",
}


class Gone(EmulatorError):
    """What a link led to is no more."""

    status = 410


class NotAForm(EmulatorError):
    """An answer that no form of ours has sent."""

    status = 415


@dataclass(frozen=True, slots=True)
class Ask:
    """What a link leads to: a pause, what a person is shown of it, and what became of it.

    standing: where the turn stands now.
    shown:    title, content, scopes and the like.
    left:     the visit that followed, once the pause is over.
    """

    link: Link
    task_state: TaskState
    kind: str
    shown: Mapping[str, Any]
    left: Visit | None

    @property
    def choices(self) -> Sequence[str]:
        """The signals that a person could send now."""
        return () if self.left else [name for name in self.task_state.snapshot.waits_for if name != STOP]


class Links:
    """Makes the links that people are sent, and reads them.

    salt: gives the store's, which is asked for with the first link.
    """

    def __init__(self, settings: Settings, salt: Callable[[], bytes]) -> None:
        self._seed, self._token = settings.seed, settings.token
        self._salt = salt
        self._public_url = settings.public_url

    @cached_property
    def _secret(self) -> bytes:
        return secret_of_token(self._token, self._salt()) if self._token else secret_of_seed(self._seed)

    def consent(self, task_state: TaskState) -> str:
        """Return the address of the page on which a credential is authorized."""
        return self._address("consent", task_state)

    def pause(self, task_state: TaskState) -> str | None:
        """Return the address of the page on which a person answers the present pause; None without one."""
        pause = task_state.snapshot.pause
        return None if pause is None else self._address(_PAGES[pause.kind], task_state)

    def read(self, text: str) -> Link:
        """Return what a link leads to. Raises NotFound for one that is not ours, and StoreUnavailable."""
        return verify(text, self._secret)

    def _address(self, page: str, task_state: TaskState) -> str:
        snapshot = task_state.snapshot
        link = Link(
            task_state.namespace, task_state.task.id, task_state.number, snapshot.step.id, len(snapshot.visits) - 1
        )
        return f"{self._public_url or task_state.turn.origin}{PREFIX}/{page}/{sign(link, self._secret)}"


class People:
    """Shows a pause to the person who was sent its link, and takes the answer.

    followed: told the namespace of each page that is opened to authorize a credential.
    """

    def __init__(self, engine: Engine, links: Links, gate: ControlAccess, followed: Callable[[str], None]) -> None:
        self._engine = engine
        self._links = links
        self._gate = gate
        self._followed = followed

    async def show(self, request: Request, link: str) -> Response:
        """Return the page of a link. Raises NotFound, Gone and BadRequest; no task changes."""
        ask, back = await self._ask(link), _back(request)
        if ask.kind == "eca":
            self._followed(ask.link.namespace)
        notice = "closed" if ask.left is None and _query(request).get("window") == "closed" else ""
        return self._page(ask, back, notice=notice)

    async def take(self, request: Request, link: str) -> Response:
        """Take an answer and lead to the outcome.

        Raises what `show` does, Forbidden for a form of another site, NotAForm and BodyTooLarge; 409 if it is too late.
        """
        self._gate.check_form(request)
        sent, back = await _form(request), _back(request)
        ask = await self._ask(link)
        answer = sent.get("answer", "")
        if answer == _CLOSE:
            return _see_other(f"{_here(request)}?{urlencode({**_query(request), 'window': 'closed'})}")
        kind, reason = (
            ("deny", "signed in as another user") if answer == _WRONG_USER else (answer, _text(sent, "reason"))
        )
        if ask.left is not None:
            return self._page(ask, back, 409, "late")
        if kind not in ask.choices:
            raise BadRequest(f"'{answer}' is none of the answers: {', '.join(ask.choices)}.")
        try:
            await self._send(ask, kind, _text(sent, "by") or f"{_PAGES[ask.kind]} page", reason)
        except Conflict:
            return self._page(await self._ask(link), back, 409, "late")
        query = {name: value for name, value in _query(request).items() if name != "window"}
        if back is not None and kind in ("authorize", "deny"):
            return _see_other(_return_address(back, kind, query.get("state")))
        return _see_other(_here(request) + (f"?{urlencode(query)}" if query else ""))

    async def _send(self, ask: Ask, kind: str, by: str, reason: str | None) -> None:
        link = ask.link
        place = (link.turn, link.step)
        await self._engine.signal(
            link.namespace, link.task_id, kind, by=by[:_MAX_NAME], reason=reason and reason[:_MAX_REASON], place=place
        )

    async def _ask(self, text: str) -> Ask:
        link = self._links.read(text)
        try:
            task_state = await self._engine.task_states.turn(link.namespace, link.task_id, link.turn)
        except NotFound:
            raise Gone("The task of this link was deleted, or the emulator was reset.") from None
        visits = task_state.snapshot.visits
        visit = visits[link.visit] if link.visit < len(visits) else None
        step = None if visit is None or visit.cause in (STOP, UPDATE) else task_state.turn.timeline.steps[visit.step]
        if step is None or step.id != link.step or step.pause is None:
            raise Gone("The task of this link has begun anew, and nobody is asked there now.")
        then = next(each for each in moments(task_state.turn, task_state.now) if len(each.visits) == link.visit + 1)
        shown = self._engine.renderer.pause_details(task_state._replace(snapshot=then))
        after = visits[link.visit + 1 :]
        return Ask(link, task_state, step.pause.kind, shown, after[0] if after else None)

    def _page(self, ask: Ask, back: SplitResult | None, status: int = 200, notice: str = "") -> Response:
        template = "outcome" if ask.left else _PAGES[ask.kind]
        texts = page_of(template, ask=ask, said=_outcome(ask.left), back=back and back.netloc, notice=notice, iso=iso)
        to = f" {back.scheme}://{back.netloc}" if back else ""
        return Response(status, texts, HTML, people_headers(to))


def people_headers(form_targets: str = "") -> Headers:
    """Return the headers of a page without script; its forms lead here, and on to `form_targets`."""
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


def page_of(template: str, **values: Any) -> bytes:
    """Return a page made from a template of ours; every value in it is text, whatever it looks like."""
    return _templates().get_template(f"{template}.html").render(prefix=PREFIX, **values).encode("utf-8", "replace")


@lru_cache(maxsize=1)
def _templates() -> "Environment":
    # Imported with the first page: a server that shows none starts sooner.
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(resources.TEMPLATES), autoescape=True, trim_blocks=True)


def _outcome(left: Visit | None) -> str:
    return "" if left is None else _SAID.get(left.cause, f"Answered with '{left.cause}'")


def _text(sent: Mapping[str, str], name: str) -> str | None:
    return sent.get(name, "").strip() or None


def _see_other(location: str) -> Response:
    return Response(303, b"", HTML, ((b"location", location.encode("ascii", "replace")), *people_headers()))


def _here(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _query(request: Request) -> dict[str, str]:
    try:
        sent = parse_qs(request.query.decode("latin-1"), max_num_fields=100)
    except ValueError:
        raise BadRequest("The link carries more than 100 parameters.") from None
    return {name: values[-1] for name, values in sent.items()}


async def _form(request: Request) -> dict[str, str]:
    content_type = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if content_type != FORM:
        raise NotAForm(f"Content type '{content_type}' is not taken here; send {FORM}.")
    raw = await request.body(MAX_FORM)
    try:
        sent = parse_qs(raw.decode("utf-8", "replace"), max_num_fields=20)
    except ValueError:
        raise BodyTooLarge("The form has more than 20 fields.") from None
    return {name: values[-1] for name, values in sent.items()}


def _back(request: Request) -> SplitResult | None:
    """Return where a person is to be led afterwards, or None. Raises BadRequest for what is no address."""
    wanted = _query(request).get("redirect_uri")
    if wanted is None:
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        parts = urlsplit("")
    if not _ORIGIN.fullmatch(f"{parts.scheme}://{parts.netloc}") or not wanted.isprintable():
        raise BadRequest(f"redirect_uri is '{wanted}'; it must be an address such as http://localhost:3000/callback.")
    return parts


def _return_address(back: SplitResult, kind: str, state: str | None) -> str:
    """Return the address with the outcome, as RFC 6749, 4.1.2 writes it."""
    outcome = {"code": _CODE} if kind == "authorize" else {"error": "access_denied"}
    told = urlencode(outcome if state is None else {**outcome, "state": state})
    return back._replace(query=f"{back.query}&{told}" if back.query else told, fragment="").geturl()
