"""The context of one request: what each step of the pipeline has learned about it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from xpander_emulator.clock import Clock
from xpander_emulator.common.types import Header, Headers, Json
from xpander_emulator.contract.model import NOTHING, Operation
from xpander_emulator.contract.request.prefer import Preferences
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.journal.port import Entry, Number
from xpander_emulator.store.port import Reading
from xpander_emulator.web.http import Request, Response
from xpander_emulator.web.sse import StreamResponse

Item = TypeVar("Item")
# The operation of a request that no operation of the contract matches.
UNMATCHED: Final = Operation("", "", "", "", (), (), None, NOTHING, (), NOTHING, "", 0)


@dataclass(slots=True)
class RequestContext:
    """One request on its way through the pipeline. Each step fills what it is about; before it, that is not set.

    began:         when the request arrived, in seconds on the performance counter.
    namespace:     set by authentication, of which `is_authenticated` says whether the request has passed it.
    parameters:    by name, of path, query, headers and cookies, each as the contract types it.
    body:          parsed; None where there is none, or it is neither JSON nor a form.
    violations:    how the request breaks the contract.
    reading:       what the store has of the namespace, and of the task that the request is about.
    clock:         of the namespace, once it was read.
    response:      what the request is answered with.
    extra_headers: of the response, whatever it is.
    headers:       all headers of a plain response; of a stream they are made when it begins.
    number, entry: of the response in the journal, once it is there.
    """

    request: Request
    operation: Operation
    began: float
    is_authenticated: bool = False
    violations: tuple[Violation, ...] = ()
    reading: Reading | None = None
    clock: Clock | None = None
    number: Number | None = None
    entry: Entry | None = None
    namespace: str = field(init=False)
    parameters: Mapping[str, Any] = field(init=False)
    body: Json = field(init=False)
    preferences: Preferences = field(init=False)
    response: Response | StreamResponse = field(init=False)
    extra_headers: Headers = field(init=False)
    headers: list[Header] = field(init=False)


Handler = Callable[[RequestContext], Awaitable[Response | StreamResponse]]
"""Carries out the action of an operation."""


def handlers_of(owner: object) -> dict[str, Handler]:
    """Return the public methods of an object, by the action that each carries out; `import_` carries out `import`."""
    return {name.rstrip("_"): getattr(owner, name) for name in vars(type(owner)) if not name.startswith("_")}


def page_of(context: RequestContext, items: Sequence[Item]) -> Sequence[Item]:
    """Return the items of the page that a request names by `page`, counted from 1, and `per_page`."""
    page, per_page = context.parameters["page"], context.parameters["per_page"]
    return items[(page - 1) * per_page : page * per_page]
