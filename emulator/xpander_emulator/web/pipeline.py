"""The way of every request: let in, read, validated, handled, checked, sent.

A service is one contract with its handlers; the emulated API and the control API are two of them.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Final, NamedTuple, Protocol

from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from xpander_emulator.clock import Clock
from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.common.types import Header, Headers
from xpander_emulator.contract.extension.vocabulary import START
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.openapi.example_responses import Answer, answer
from xpander_emulator.contract.openapi.load import routing_order
from xpander_emulator.contract.request.message_validation import (
    Accepted,
    RequestValidator,
    ResponseChecker,
    body_is_acceptable,
)
from xpander_emulator.contract.request.prefer import Preferences, parse_prefer
from xpander_emulator.contract.schema.read_write_only import for_answers, for_requests
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.faults import STATUS
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import EmulatorError
from xpander_emulator.store.port import Reading
from xpander_emulator.web.boundary import Defect, Sending, attempt
from xpander_emulator.web.errors import as_problem, broken_promise, phrase, with_headers
from xpander_emulator.web.fault_injection import Spoiler
from xpander_emulator.web.http import JSON, PROBLEM, BodyTooLarge, ClientGone, Reply, Request, json_reply
from xpander_emulator.web.recording import Exchange, Recorder
from xpander_emulator.web.routes import NoOperation, OperationRoutes
from xpander_emulator.web.sse import BEYOND, StreamReply

_logger = logging.getLogger("xpander_emulator")
_NO_PREFERENCES: Final = parse_prefer(())
# The header that tells where the story stands that an answer comes from.
SOURCE: Final = b"x-emulator-source"
# RFC 9110, 15.3.5 and 15.4.5.
_WITHOUT_BODY: Final = (204, 304)
# The answer where not even an error can be worded.
_BARE: Final = Reply(500, b'{"detail":"A defect of the emulator; its log says which."}')


class UnsupportedMediaType(EmulatorError):
    """A body of a kind that the operation does not take."""

    status = 415


class Refused(EmulatorError):
    """A request that breaks the contract, with its answer; that is no promise of ours, so it is shaped, not checked."""

    def __init__(self, reply: Reply, violations: tuple[Violation, ...]) -> None:
        super().__init__("The request breaks the contract.")
        self.reply = reply
        self.violations = violations


@dataclass(slots=True)
class Call:
    """A request that was let in and found valid.

    parameters: by name, of path, query and headers, each as the contract types it.
    body, raw:  parsed, and as sent.
    reading:    what the store keeps of its namespace, and of the task that it is about; None where nothing was read.
    clock:      what its namespace goes by, by that reading.
    """

    request: Request
    operation: Operation
    namespace: str
    parameters: Mapping[str, Any]
    body: Any
    raw: bytes
    preferences: Preferences
    reading: Reading | None = None
    clock: Clock | None = None


Handler = Callable[[Call], Awaitable[Reply | StreamReply]]


class Outcome(NamedTuple):
    """An answer that is ready to be sent.

    added:   headers that it carries whatever it is.
    headers: of a whole answer, all of them; of a stream, none yet.
    """

    exchange: Exchange
    reply: Reply | StreamReply
    added: Headers
    headers: list[Header]


class Faulty(Protocol):
    """What makes answers of a service go wrong on purpose."""

    async def strike(self, call: "Call") -> Hit | None:
        """Return the fault of a request that is about to be handled, or None. Raises EmulatorError."""
        ...

    async def strike_started(self, call: "Call", task_state: TaskState) -> Hit | None:
        """Return the fault that the story of a task has for the call that has started it, or None."""
        ...


class Manner(Protocol):
    """In what a service differs from another: whom it lets in, how it words errors, what it adds to an answer.

    names: of the headers that it adds.
    """

    names: frozenset[bytes]

    def enter(self, request: Request, operation: Operation) -> str:
        """Return the request's namespace. Raises EmulatorError."""
        ...

    async def added(self, exchange: Exchange, namespace: str) -> Headers:
        """Return headers for the answer to a request that was let in, whatever it is."""
        ...

    def error(self, error: EmulatorError) -> Reply:
        """Return how an error is answered."""
        ...

    def violations(self, violations: Sequence[Violation]) -> Reply:
        """Return how an invalid request is answered."""
        ...


class Service:
    """One contract, served.

    handlers: by the name of an operation's action; an operation without action is answered from the contract.
    recorder: keeps what was asked and answered; None where nothing is kept.
    """

    def __init__(
        self,
        contract: Contract,
        manner: Manner,
        handlers: Mapping[str, Handler],
        *,
        max_body: int,
        strict: bool = False,
        seed: int = 0,
        recorder: Recorder | None = None,
        faulty: Faulty | None = None,
    ) -> None:
        self.contract = contract
        self.manner = manner
        self.handlers = handlers
        self.max_body = max_body
        self.seed = seed
        self.recorder = recorder
        self.faulty = faulty
        self._requests = for_requests(contract)
        self._answers = for_answers(contract)
        self._checker = ResponseChecker(self._answers, strict)
        root = contract.document.get("x-emulator", {})
        self._speaks_of_detail = isinstance(root, Mapping) and root.get("errors") == "detail"
        endpoints = ((operation, Endpoint(self, operation)) for operation in routing_order(contract))
        self.operations = OperationRoutes(endpoints, self._refuse)

    def router(self) -> Router:
        """Return the routes of the contract's paths; what none of them matches is told the nearest."""
        return Router(
            [self.operations],
            redirect_slashes=False,
            default=NoOperation(self.contract.operations, self._refuse),
        )

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, error: EmulatorError, headers: Headers) -> None:
        """Answer a request that belongs to no operation, for which hence no shape is declared."""
        exchange = Exchange(Request(scope, receive, {}), None, perf_counter())
        outcome = await attempt(self._refusal(exchange, error, headers), scope)
        if isinstance(outcome, Defect):
            outcome = await self.failed(exchange, outcome)
        if outcome is not None:
            await self.send(outcome, send)

    async def _refusal(self, exchange: Exchange, error: EmulatorError, headers: Headers) -> Outcome | None:
        if self.recorder is not None:
            try:
                await exchange.request.body(self.max_body)
            except ClientGone:
                return None
            except BodyTooLarge as too_large:
                exchange.violations = _broken(too_large, exchange.request)
        reply = self._undeclared(self.manner.error(error))
        return await self.outcome(exchange, with_headers(reply, headers))

    async def outcome(self, exchange: Exchange, reply: Reply | StreamReply) -> Outcome:
        """Return an answer that is ready to be sent; where answers are recorded, it is, unless it is a stream."""
        added = () if exchange.entered is None else await self.manner.added(exchange, exchange.entered)
        if isinstance(reply, StreamReply):
            return Outcome(exchange, reply, added, [])
        record = self.recorder and self.recorder.record
        headers = await record(exchange, reply, added) if record else reply.whole_headers(added)
        return Outcome(exchange, reply, added, headers)

    async def failed(self, exchange: Exchange, defect: Defect) -> Outcome:
        """Return the answer to a request that a defect of ours has stopped; what goes wrong with it is left out."""
        scope = exchange.request.scope
        reply = await attempt(self._worded(exchange.operation, defect.error), scope)
        if isinstance(reply, Defect):
            reply = _BARE
        added: Headers | Defect = ()
        if exchange.entered is not None:
            added = await attempt(self.manner.added(exchange, exchange.entered), scope)
        if isinstance(added, Defect):
            added = ()
        headers: list[Header] | Defect = reply.whole_headers(added)
        if self.recorder is not None:
            headers = await attempt(self.recorder.record(exchange, reply, added), scope)
        if isinstance(headers, Defect):
            headers = reply.whole_headers(added)
        return Outcome(exchange, reply, added, headers)

    async def _worded(self, operation: Operation | None, error: EmulatorError) -> Reply:
        reply = self.manner.error(error)
        return self._undeclared(reply) if operation is None else self.shaped(operation, reply)

    async def send(self, outcome: Outcome, send: Send) -> None:
        """Send an answer; where that fails before anything was sent, send the defect in its place."""
        sending = Sending(send)
        sent = await attempt(self._send(outcome, sending.send), outcome.exchange.request.scope)
        if not isinstance(sent, Defect) or sending.is_complete:
            return
        if sending.has_begun:
            # The server closes the connection, so that nobody takes what was sent for a whole answer.
            raise sent.exception
        outcome = await self.failed(outcome.exchange, sent)
        await self._send(outcome, send)

    async def _send(self, outcome: Outcome, send: Send) -> None:
        """Send an answer, with the fault that it has."""
        request, reply = outcome.exchange.request, outcome.reply
        if reply.fault is not None:
            send = Spoiler(reply.fault, request.scope, request.receive, send).send
        if isinstance(reply, Reply):
            await reply.send(send, outcome.headers)
        elif self.recorder is not None:
            await self.recorder.stream(outcome.exchange, reply, outcome.added, send)
        else:
            await reply.stream(request.scope, request.receive, send, outcome.added)

    def _undeclared(self, reply: Reply) -> Reply:
        return reply if self._speaks_of_detail or reply.media_type == PROBLEM else as_problem(reply)

    def validator(self, operation: Operation) -> RequestValidator:
        """Return what holds the requests of an operation against the contract."""
        return RequestValidator(self._requests, operation)

    async def from_contract(self, call: Call) -> Reply:
        """Return the answer that the contract itself has for a request; the same for the same request."""
        key = keyed(self.seed, call.operation.id, call.request.scope["path"], call.request.query, call.raw)
        # RFC 9110, 5.3: a field that is sent several times is one list.
        accept = ", ".join(call.request.header_values(b"accept"))
        return self._reply(answer(self._answers, call.operation, call.preferences, key, accept))

    def _reply(self, given: Answer) -> Reply:
        """Return the contract's answer as a reply, without the headers that every answer here has."""
        sent = ((name.lower().encode(), value.encode("latin-1")) for name, value in given.headers)
        headers = tuple(header for header in sent if header[0] not in self.manner.names)
        return applied(Reply(given.status, given.body, given.media_type, headers), *given.applied)

    def refusal(self, operation: Operation, hit: Hit) -> Reply:
        """Return the answer that a fault gives in place of the operation's own; nothing holds it to the contract."""
        fault = hit.fault
        headers = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in fault.headers)
        if fault.status in _WITHOUT_BODY:
            return Reply(fault.status, b"", None, headers, fault=hit)
        if fault.body is None:
            told = self.shaped(operation, json_reply({"detail": phrase(fault.status)}, fault.status))
            return told._replace(headers=(*_without(told.headers, headers), *headers), fault=hit)
        media_type = next((value for name, value in headers if name == b"content-type"), None)
        others = tuple(header for header in headers if header[0] != b"content-type")
        if isinstance(fault.body, str):
            text = "text/plain; charset=utf-8" if media_type is None else media_type.decode("latin-1")
            return Reply(fault.status, fault.body.encode(), text, others, fault=hit)
        kind = JSON if media_type is None else media_type.decode("latin-1")
        return json_reply(fault.body, fault.status, others, kind)._replace(fault=hit)

    def check(self, operation: Operation, reply: Reply) -> None:
        """Raise BrokenPromise if an answer breaks the contract; one that was found right before passes at once.

        What a fault answers in our place, and what says that it goes beyond the contract, is no promise of ours.
        """
        if _is_no_promise(reply):
            return
        if reply.checked is not None and operation.id in reply.checked:
            return
        if reply.status >= 400 and operation.response(reply.status) is None:
            return
        body = reply.body if reply.data is None else reply.data
        violations = self._checker.check(operation, reply.status, reply.media_type, body)
        if violations:
            source = next((value.decode("latin-1") for name, value in reply.headers if name == SOURCE), None)
            raise broken_promise(f"{operation.method} {operation.path}", violations, source)
        if reply.checked is not None:
            reply.checked.add(operation.id)

    def shaped(self, operation: Operation, reply: Reply) -> Reply:
        """Return an error in the shape that the contract declares for its status.

        Ours, where it keeps the contract; else the contract's example or a value of its schema. Where the contract
        declares nothing, problem details, unless its root says `x-emulator: {errors: detail}`.
        """
        if reply.status < 400 or _is_no_promise(reply):
            return reply
        response = operation.response(reply.status)
        if response is None or not response.content:
            return self._undeclared(reply)
        body = reply.body if reply.data is None else reply.data
        if not self._checker.check(operation, reply.status, reply.media_type, body):
            return reply
        try:
            given = answer(self._answers, operation, Preferences(code=reply.status), keyed(self.seed, operation.id))
        except EmulatorError:
            return reply
        made = self._reply(replace(given, applied=()))
        return made._replace(headers=(*_without(made.headers, reply.headers), *reply.headers))


class Endpoint:
    """One operation of a service, as an ASGI application."""

    def __init__(self, service: Service, operation: Operation) -> None:
        self._service = service
        self._operation = operation
        behaviour = operation.behaviour
        self._handle = service.handlers.get(behaviour.get("action", ""))
        self._starts = behaviour.get("action") == START
        self.is_prompt = "event" not in behaviour and behaviour.get("reply") != "wait"
        """Whether an answer is made without waiting for time to pass, or for anybody."""
        self._validator: RequestValidator | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        outcome = await self.outcome(Request(scope, receive, scope["path_params"]))
        if outcome is not None:
            await self.send(outcome, send)

    async def send(self, outcome: Outcome, send: Send) -> None:
        """Send an answer."""
        await self._service.send(outcome, send)

    async def outcome(self, request: Request) -> Outcome | None:
        """Return the answer to a request; whatever goes wrong on the way is one too. None for a client that is gone."""
        exchange = Exchange(request, self._operation, perf_counter())
        outcome = await attempt(self._answer(exchange), request.scope)
        return await self._service.failed(exchange, outcome) if isinstance(outcome, Defect) else outcome

    async def _answer(self, exchange: Exchange) -> Outcome | None:
        """Return the answer to a request, and raise only what is a defect of ours. None for a client that is gone."""
        request, service, manner = exchange.request, self._service, self._service.manner
        reply: Reply | StreamReply
        try:
            namespace = exchange.entered = manner.enter(request, self._operation)
            if self._operation.security:
                exchange.namespace = namespace
            reply = await self.reply(exchange, namespace)
            if isinstance(reply, Reply):
                service.check(self._operation, reply)
        except ClientGone:
            return None
        except Refused as refused:
            reply, exchange.violations = refused.reply, refused.violations
        except EmulatorError as error:
            reply, exchange.violations = manner.error(error), _broken(error, request)
            if error.status >= 500:
                _logger.error("%s", error.message)
        if isinstance(reply, Reply):
            reply = service.shaped(self._operation, reply)
        elif request.scope["method"] == "HEAD":
            reply = reply.head
        return await service.outcome(exchange, reply)

    async def reply(self, exchange: Exchange, namespace: str) -> Reply | StreamReply:
        """Validate a request and return its answer. Raises Refused."""
        request, operation, service = exchange.request, self._operation, self._service
        raw = await request.body(service.max_body)
        if raw:
            self._check_media_type(request, raw)
        if self._validator is None:
            self._validator = service.validator(operation)
        found = self._validator.check(request.path_parameters, request.query, request.headers, raw)
        if not isinstance(found, Accepted):
            raise Refused(service.manner.violations(found), found)
        prefer = request.header_values(b"prefer")
        preferences = parse_prefer(prefer) if prefer else _NO_PREFERENCES
        call = Call(request, operation, namespace, found.parameters, found.body, raw, preferences)
        handle = self._handle
        if handle is None or preferences.ask_the_contract:
            handle = service.from_contract
        if service.faulty is None:
            return await handle(call)
        hit = await service.faulty.strike(call)
        exchange.clock = call.clock
        if hit is not None:
            return await self._faulted(call, handle, hit)
        reply = await handle(call)
        if not self._starts or reply.task_state is None:
            return reply
        hit = await service.faulty.strike_started(call, reply.task_state)
        return reply if hit is None else reply.with_fault(hit)

    def _check_media_type(self, request: Request, raw: bytes) -> None:
        content_type = request.header(b"content-type")
        if not body_is_acceptable(self._operation, content_type, raw):
            body = self._operation.body
            taken = ", ".join(body.content) if body else "no body"
            raise UnsupportedMediaType(f"Content type '{content_type}' is not taken here; send {taken}.")

    async def _faulted(self, call: Call, handle: Handler, hit: Hit) -> Reply | StreamReply:
        """Return the answer with the fault that strikes it; one with its own status is all there is."""
        if hit.fault.kind == STATUS:
            return self._service.refusal(self._operation, hit)
        try:
            reply = await handle(call)
        except EmulatorError as error:
            if error.status >= 500:
                raise
            reply = self._service.shaped(self._operation, self._service.manner.error(error))
        return reply.with_fault(hit)


def _is_no_promise(reply: Reply) -> bool:
    return (reply.fault is not None and reply.fault.fault.kind == STATUS) or any(
        name == BEYOND for name, _ in reply.headers
    )


def _without(headers: Headers, others: Headers) -> Headers:
    names = {name for name, _ in others}
    return tuple(header for header in headers if header[0] not in names)


def _broken(error: EmulatorError, request: Request) -> tuple[Violation, ...]:
    """Return how a request broke the contract that was refused before it was validated; nothing for other errors."""
    if isinstance(error, UnsupportedMediaType):
        sent = request.header(b"content-type")
        return (Violation(("header", "content-type"), error.message, "media_type", sent, "a declared media type"),)
    if isinstance(error, BodyTooLarge):
        return (Violation(("body",), error.message, "too_large", None, "a smaller body"),)
    return ()


def applied(reply: Reply, *preferences: str) -> Reply:
    """Return the reply with `Preference-Applied` for these preferences, if there are any."""
    return with_headers(reply, preference_applied(*preferences)) if preferences else reply


def preference_applied(*preferences: str) -> Headers:
    """Return the header that says which preferences were honoured (RFC 7240, 3); none without any."""
    return ((b"preference-applied", ", ".join(preferences).encode("latin-1")),) if preferences else ()
