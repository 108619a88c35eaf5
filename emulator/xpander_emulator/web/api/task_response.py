"""A task as a response: with the status that its operation declares, and its source in the headers."""

import re
from urllib.parse import quote
from weakref import WeakKeyDictionary

from xpander_emulator.contract.extension.property_names import reading_operation
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.engine.views import View
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.emulator_headers import beyond_contract, source_headers, warning_header
from xpander_emulator.web.http import Response


class TaskResponses:
    """Makes the responses of one contract that show a task."""

    def __init__(self, contract: Contract) -> None:
        read = reading_operation(contract)
        self._path = "" if read is None else read.path
        self._declared = {operation.id: _success_of(operation) for operation in contract.operations}
        # By view, and then by operation; dropped with the view.
        self._cached: WeakKeyDictionary[View, dict[str, Response]] = WeakKeyDictionary()

    def of(self, context: RequestContext, view: View) -> Response:
        """Return a task as a response whose headers name the scenario, the step and the line that it comes from.

        Its status is the first 2xx that the operation declares; a declared `Location` leads to the task. Where no body
        is declared there is none.
        """
        return self._made(context.operation.id, view)

    def cached(self, context: RequestContext, view: View) -> Response:
        """Return the same as `of`; for an operation by which a view is returned again and again."""
        responses = self._cached.get(view)
        if responses is None:
            responses = self._cached[view] = {}
        operation_id = context.operation.id
        response = responses.get(operation_id)
        if response is None:
            response = responses[operation_id] = self._made(operation_id, view)._replace(checked=set())
        return response

    def _made(self, operation_id: str, view: View) -> Response:
        status, has_location, has_body = self._declared[operation_id]
        task_state, beyond = view.task_state, view.sent.beyond
        headers = (*source_headers(task_state), *beyond_contract(beyond), *warning_header(view.warning))
        if has_location:
            path = re.sub(r"\{[^{}]+\}", quote(task_state.task.id, safe=""), self._path)
            headers = (*headers, (b"location", path.encode("latin-1", "replace")))
        if not has_body:
            return Response(status, media_type=None, headers=headers, task_state=task_state, beyond=beyond)
        return Response(
            status, view.encoded, headers=headers, data=view.sent.body, task_state=task_state, beyond=beyond
        )


def task_id_of(context: RequestContext) -> str:
    """Return the id of the task that a request is about."""
    task_id: str = context.parameters[context.operation.behaviour.get("subject", "task_id")]
    return task_id


def _success_of(operation: Operation) -> tuple[int, bool, bool]:
    """Return the first 2xx status, and whether it declares the header `Location`, and a body."""
    status = next((code for code in operation.responses if code.startswith("2") and code.isdecimal()), "200")
    response = operation.responses.get(status)
    if response is None:
        return int(status), False, True
    return int(status), any(name.lower() == "location" for name in response.headers), bool(response.content)
