"""Responses by the contract: its examples, the shape of its errors, and the check of what is sent."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.openapi.example_responses import Answer, answer
from xpander_emulator.contract.request.message_validation import ResponseChecker
from xpander_emulator.contract.request.prefer import Preferences
from xpander_emulator.contract.schema.read_write_only import for_responses
from xpander_emulator.core.faults import STATUS
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.errors import EmulatorError
from xpander_emulator.settings import Settings
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.emulator_headers import preference_applied
from xpander_emulator.web.errors import as_problem, broken_promise, phrase
from xpander_emulator.web.http import JSON, PROBLEM, Response, json_response

# RFC 9110, 15.3.5 and 15.4.5.
_WITHOUT_BODY: Final = (204, 304)


class ContractResponses:
    """Makes and checks responses by one contract.

    own_headers: the names, in lower case, of the headers that every response gets elsewhere.
    """

    def __init__(self, contract: Contract, own_headers: frozenset[bytes], settings: Settings) -> None:
        self._contract = for_responses(contract)
        self._checker = ResponseChecker(self._contract, settings.strict)
        self._own_headers = own_headers
        self._seed = settings.seed
        root = contract.document.get("x-emulator", {})
        self._has_detail_errors = isinstance(root, Mapping) and root.get("errors") == "detail"

    async def example(self, context: RequestContext) -> Response:
        """Return the response that the contract itself has for a request; the same for the same request."""
        request, operation = context.request, context.operation
        key = keyed(self._seed, operation.id, request.scope["path"], request.query, request.raw)
        # RFC 9110, 5.3: a field that is sent several times is one list.
        accept = ", ".join(request.header_values(b"accept"))
        return self._response(answer(self._contract, operation, context.preferences, key, accept))

    def _response(self, example: Answer) -> Response:
        headers = _lower_case(example.headers)
        own = tuple(header for header in headers if header[0] not in self._own_headers)
        return Response(example.status, example.body, example.media_type, (*own, *preference_applied(*example.applied)))

    def check(self, operation: Operation, response: Response) -> None:
        """Raise BrokenPromise if a response breaks the contract; one that was checked before passes at once."""
        if (response.checked is not None and operation.id in response.checked) or _is_exempt(response):
            return
        if response.status >= 400 and operation.response(response.status) is None:
            return
        violations = self._checker.check(operation, response.status, response.media_type, _body(response))
        if violations:
            task_state = response.task_state
            source = task_state and f"{task_state.turn.timeline.source}:{task_state.snapshot.step.line}"
            raise broken_promise(f"{operation.method} {operation.path}", violations, source)
        if response.checked is not None:
            response.checked.add(operation.id)

    def shaped(self, operation: Operation, response: Response) -> Response:
        """Return an error in the shape that the contract declares for its status; any other response as it is.

        That is the response itself where it keeps the contract, else the contract's example or a value of its schema.
        Where the contract declares nothing, problem details, unless its root has `x-emulator: {errors: detail}`.
        """
        if response.status < 400 or _is_exempt(response):
            return response
        declared = operation.response(response.status)
        if declared is None or not declared.content:
            return response if self._has_detail_errors or response.media_type == PROBLEM else as_problem(response)
        if not self._checker.check(operation, response.status, response.media_type, _body(response)):
            return response
        try:
            code = Preferences(code=response.status)
            example = answer(self._contract, operation, code, keyed(self._seed, operation.id))
        except EmulatorError:
            return response
        made = self._response(replace(example, applied=()))
        return made._replace(headers=(*_without(made.headers, response.headers), *response.headers))

    def of_fault(self, operation: Operation, hit: Hit) -> Response:
        """Return the response that a fault with a status gives in place of the operation's; it is not checked."""
        fault = hit.fault
        headers = _lower_case(fault.headers)
        if fault.status in _WITHOUT_BODY:
            return Response(fault.status, b"", None, headers, fault=hit)
        if fault.body is None:
            error = self.shaped(operation, json_response({"detail": phrase(fault.status)}, fault.status))
            return error._replace(headers=(*_without(error.headers, headers), *headers), fault=hit)
        types = [value.decode("latin-1") for name, value in headers if name == b"content-type"]
        others = tuple(header for header in headers if header[0] != b"content-type")
        if isinstance(fault.body, str):
            media_type = types[0] if types else "text/plain; charset=utf-8"
            return Response(fault.status, fault.body.encode(), media_type, others, fault=hit)
        return json_response(fault.body, fault.status, others, types[0] if types else JSON)._replace(fault=hit)


def _is_exempt(response: Response) -> bool:
    """Return whether a response may break the contract: one of a fault, or one that goes beyond the contract."""
    return bool(response.beyond) or (response.fault is not None and response.fault.fault.kind == STATUS)


def _body(response: Response) -> object:
    return response.body if response.data is None else response.data


def _lower_case(headers: tuple[tuple[str, str], ...]) -> Headers:
    return tuple((name.lower().encode(), value.encode("latin-1")) for name, value in headers)


def _without(headers: Headers, others: Headers) -> Headers:
    names = {name for name, _ in others}
    return tuple(header for header in headers if header[0] not in names)
