"""The pipeline of every request: authenticate, validate, select a fault, handle, check, shape, record, send.

A service is one contract with its handlers; the emulated API and the control API are two of them.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Final, Protocol

from starlette.types import Receive, Scope, Send

from xpander_emulator.common.types import Headers
from xpander_emulator.contract.extension.vocabulary import START
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.request.message_validation import Accepted, RequestValidator, body_is_acceptable
from xpander_emulator.contract.request.prefer import parse_prefer
from xpander_emulator.contract.schema.read_write_only import for_requests
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.faults import STATUS
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.errors import EmulatorError
from xpander_emulator.settings import Settings
from xpander_emulator.web.context import UNMATCHED, Handler, RequestContext
from xpander_emulator.web.contract_responses import ContractResponses
from xpander_emulator.web.errors import UnsupportedMediaType, violations_of
from xpander_emulator.web.fault_injection import FaultInjector
from xpander_emulator.web.fault_lookup import FaultLookup
from xpander_emulator.web.http import BodyTooLarge, ClientGone, Request, Response
from xpander_emulator.web.recording import Recorder
from xpander_emulator.web.routes import OperationRoutes
from xpander_emulator.web.sse import StreamResponse
from xpander_emulator.web.unexpected_errors import Defect, SendTracker, attempt, attempt_or

_logger = logging.getLogger("xpander_emulator")
_NO_PREFERENCES: Final = parse_prefer(())
# The response where not even an error can be rendered.
_BARE: Final = Response(500, b'{"detail":"A defect of the emulator; its log says which."}')


class Gateway(Protocol):
    """How a service authenticates requests, renders errors, and which headers every response gets.

    header_names: of those headers, in lower case.
    """

    header_names: frozenset[bytes]

    def authenticate(self, request: Request, operation: Operation) -> str:
        """Return the request's namespace. Raises EmulatorError."""
        ...

    async def extra_headers(self, context: RequestContext) -> Headers:
        """Return the headers that the response to an authenticated request gets, whatever it is."""
        ...

    def error(self, error: EmulatorError) -> Response:
        """Return the response for an error."""
        ...

    def violations(self, violations: Sequence[Violation]) -> Response:
        """Return the response to a request that breaks the contract."""
        ...


class Service:
    """One contract, served.

    handlers: by the name of an operation's action; an operation without action is answered from the contract.
    recorder: None for a service whose responses are not recorded.
    faults:   None for a service without faults.
    """

    def __init__(
        self,
        contract: Contract,
        gateway: Gateway,
        handlers: Mapping[str, Handler],
        settings: Settings,
        recorder: Recorder | None = None,
        faults: FaultLookup | None = None,
    ) -> None:
        self.contract = contract
        self.gateway = gateway
        self.handlers = handlers
        self.max_body = settings.max_body
        self.recorder = recorder
        self.faults = faults
        self.responses = ContractResponses(contract, gateway.header_names, settings)
        self.routes = OperationRoutes(contract, partial(Endpoint, self), self._reject)

    async def _reject(self, scope: Scope, receive: Receive, send: Send, error: EmulatorError, headers: Headers) -> None:
        """Answer a request that no operation matches with an error."""
        context = RequestContext(Request(scope, receive, {}), UNMATCHED, perf_counter())
        ready = await attempt(self._prepare_rejection(context, error, headers), scope)
        if isinstance(ready, Defect):
            await self.fail(context, ready)
        if ready:
            await self.send(context, send)

    async def _prepare_rejection(self, context: RequestContext, error: EmulatorError, headers: Headers) -> bool:
        if self.recorder is not None:
            try:
                await context.request.body(self.max_body)
            except ClientGone:
                return False
            except BodyTooLarge as too_large:
                context.violations = violations_of(too_large, context.request)
        response = self.responses.shaped(UNMATCHED, self.gateway.error(error))
        await self.prepare(context, response.with_headers(headers))
        return True

    async def prepare(self, context: RequestContext, response: Response | StreamResponse) -> None:
        """Make a response ready to be sent, and record it unless it is a stream, which is recorded when it is sent."""
        context.response = response
        extra = context.extra_headers = await self._extra_headers(context)
        if isinstance(response, Response):
            record = self.recorder and self.recorder.record
            context.headers = await record(context, response, extra) if record else response.all_headers(extra)

    async def _extra_headers(self, context: RequestContext) -> Headers:
        return await self.gateway.extra_headers(context) if context.is_authenticated else ()

    async def fail(self, context: RequestContext, defect: Defect) -> None:
        """Make the response to a request that a defect has stopped; whatever fails while it is made is left out."""
        scope = context.request.scope
        response = await attempt_or(_BARE, self.error_response(context.operation, defect.error), scope)
        extra = await attempt_or((), self._extra_headers(context), scope)
        headers = response.all_headers(extra)
        if self.recorder is not None:
            headers = await attempt_or(headers, self.recorder.record(context, response, extra), scope)
        context.response, context.extra_headers, context.headers = response, extra, headers

    async def error_response(self, operation: Operation, error: EmulatorError) -> Response:
        """Return the response for an error, in the shape that the operation declares."""
        return self.responses.shaped(operation, self.gateway.error(error))

    async def send(self, context: RequestContext, send: Send) -> None:
        """Send the response; where that fails before anything was sent, send the defect in its place."""
        tracker = SendTracker(send)
        result = await attempt(self._send(context, tracker.send), context.request.scope)
        if not isinstance(result, Defect) or tracker.is_complete:
            return
        if tracker.has_begun:
            # The server closes the connection, so that nobody takes what was sent for a whole response.
            raise result.exception
        await self.fail(context, result)
        await self._send(context, send)

    async def _send(self, context: RequestContext, send: Send) -> None:
        request, response = context.request, context.response
        if response.fault is not None:
            send = FaultInjector(response.fault, response, request.scope, request.receive, send).send
        if isinstance(response, Response):
            # RFC 9110, 9.3.2: HEAD is answered as GET is, but without the body.
            body = b"" if request.scope["method"] == "HEAD" else response.body
            await response._replace(body=body).send(send, context.headers)
        elif self.recorder is not None:
            await self.recorder.stream(context, response, context.extra_headers, send)
        else:
            await response.stream(request.scope, request.receive, send, context.extra_headers)


class Endpoint:
    """One operation of a service, as an ASGI application.

    is_prompt: whether a response is made without waiting for time to pass, or for somebody to act.
    """

    def __init__(self, service: Service, operation: Operation) -> None:
        self.service = service
        self._operation = operation
        behaviour = operation.behaviour
        self._handler = service.handlers.get(behaviour.get("action", ""))
        self._starts = behaviour.get("action") == START
        self.is_prompt = "event" not in behaviour and behaviour.get("reply") != "wait"
        self._validator: RequestValidator | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        context = await self.run(Request(scope, receive, scope["path_params"]))
        if context is not None:
            await self.service.send(context, send)

    async def run(self, request: Request) -> RequestContext | None:
        """Return the context of a request with its response, whatever fails; None for a client that is gone."""
        context = RequestContext(request, self._operation, perf_counter())
        ready = await attempt(self._run(context), request.scope)
        if isinstance(ready, Defect):
            await self.service.fail(context, ready)
        return context if ready else None

    async def _run(self, context: RequestContext) -> bool:
        """Take a request through the pipeline up to `send`; return False for a client that is gone.

        Raises only for a defect of the emulator.
        """
        request, operation, service = context.request, context.operation, self.service
        response: Response | StreamResponse
        try:
            context.namespace = service.gateway.authenticate(request, operation)
            context.is_authenticated = True
            context.violations = await self._validate(context)
            if context.violations:
                response = service.gateway.violations(context.violations)
            else:
                response = await self._handle(context)
                if isinstance(response, Response):
                    service.responses.check(operation, response)
        except ClientGone:
            return False
        except EmulatorError as error:
            response, context.violations = service.gateway.error(error), violations_of(error, request)
            if error.status >= 500:
                _logger.error("%s", error.message)
        if isinstance(response, Response):
            response = service.responses.shaped(operation, response)
        elif request.scope["method"] == "HEAD":
            response = response.head
        await service.prepare(context, response)
        return True

    async def _validate(self, context: RequestContext) -> tuple[Violation, ...]:
        """Return how a request breaks the contract; if it does not, fill `parameters`, `body` and `preferences`."""
        request, operation = context.request, context.operation
        raw = await request.body(self.service.max_body)
        if raw and not body_is_acceptable(operation, content_type := request.header(b"content-type"), raw):
            types = ", ".join(operation.body.content) if operation.body else "no body"
            raise UnsupportedMediaType(f"Content type '{content_type}' is not taken here; send {types}.")
        if self._validator is None:
            self._validator = RequestValidator(for_requests(self.service.contract), operation)
        accepted = self._validator.check(request.path_parameters, request.query, request.headers, raw)
        if not isinstance(accepted, Accepted):
            return accepted
        context.parameters, context.body = accepted.parameters, accepted.body
        prefer = request.header_values(b"prefer")
        context.preferences = parse_prefer(prefer) if prefer else _NO_PREFERENCES
        return ()

    async def _handle(self, context: RequestContext) -> Response | StreamResponse:
        """Return the response of the operation's handler, or of the contract, with the fault that strikes it."""
        service, handle = self.service, self._handler
        if handle is None or context.preferences.ask_the_contract:
            handle = service.responses.example
        if service.faults is None:
            return await handle(context)
        hit = await service.faults.before_handling(context)
        if hit is not None:
            return await self._handle_with_fault(context, handle, hit)
        response = await handle(context)
        if not self._starts or response.task_state is None:
            return response
        hit = await service.faults.after_start(context, response.task_state)
        return response if hit is None else response.with_fault(hit)

    async def _handle_with_fault(self, context: RequestContext, handle: Handler, hit: Hit) -> Response | StreamResponse:
        """Return the response with the fault that strikes it; a fault with a status takes the place of the response."""
        if hit.fault.kind == STATUS:
            return self.service.responses.of_fault(self._operation, hit)
        try:
            response = await handle(context)
        except EmulatorError as error:
            if error.status >= 500:
                raise
            response = await self.service.error_response(self._operation, error)
        return response.with_fault(hit)
