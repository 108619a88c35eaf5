"""Starting a task by a scenario's name in the control API: no key and no path of the contract is needed."""

from collections.abc import Mapping
from typing import Any, Final

from xpander_emulator.common import json_codec
from xpander_emulator.contract.extension.start_operation import example_request, request_schema, starting_operation
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.request.client_schemas import limit_violations_of_body
from xpander_emulator.contract.schema.read_write_only import for_requests
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.start_task import Start
from xpander_emulator.engine.views import View
from xpander_emulator.scenario.selection import Choice
from xpander_emulator.settings import RunnableKind

_REASON: Final = "the control API was asked for it"
_PLACE: Final = ("body", "request")


class Starter:
    """Starts tasks in place of the contract's own operation.

    contract: of the emulated API, which their requests must keep.
    """

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._contract = contract
        operation = starting_operation(contract)
        self._kind: RunnableKind = operation.behaviour.get("kind", "workflow") if operation else "workflow"

    def violations(self, request: Mapping[str, Any]) -> tuple[Violation, ...]:
        """Return how a request breaks the contract."""
        pointer = request_schema(self._contract)
        broken = () if pointer is None else find_violations(for_requests(self._contract), pointer, request, _PLACE)
        return (*broken, *limit_violations_of_body(request, _PLACE))

    async def start(self, namespace: str, name: str, request: Mapping[str, Any] | None, origin: str) -> View:
        """Start a task, or a further turn of the task that the request names.

        name:    of the scenario.
        request: as a client would send it; None for the contract's first example.
        origin:  scheme and host of the links in the task.

        Raises NotFound for an unknown scenario, Conflict for the id of a live task.
        """
        scenario = self._engine.scenario(name)
        body = example_request(self._contract) if request is None else request
        kind = self._engine.directory.kind(name, self._kind)
        start = Start(name, kind, None, body, json_codec.dumps(body), origin)
        return await self._engine.start(namespace, start, Choice(scenario, _REASON))
