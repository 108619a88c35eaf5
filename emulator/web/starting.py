"""Starting a task by the name of its story, as the control API does: no key and no path of the contract is needed."""

from collections.abc import Mapping
from typing import Any, Final

from emulator import exact
from emulator.contract.directions import for_requests
from emulator.contract.judging import violations
from emulator.contract.spec import Contract, MediaType, Operation
from emulator.contract.validation import Violation, is_json
from emulator.engine import Engine, Start, View
from emulator.scenario.selection import Choice

_WHY: Final = "the control API was asked for it"
_PLACE: Final = ("body", "request")
_NOTHING: Final = MediaType(None)


class Starter:
    """Starts tasks in place of the contract's own operation: the first that answers at once, else the first.

    engine:   in which the tasks are born.
    contract: by which their requests are judged.
    """

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._contract = contract
        found = [each for each in contract.operations if each.behaviour.get("action") == "start"]
        self._operation = min(
            found, key=lambda each: each.behaviour.get("reply", "accepted") != "accepted", default=None
        )

    def refused(self, request: Mapping[str, Any]) -> tuple[Violation, ...]:
        """Return how a request breaks the contract."""
        pointer = self._media.schema_pointer
        if pointer is None:
            return ()
        return violations(for_requests(self._contract), pointer, request, _PLACE)

    async def start(self, namespace: str, scenario: str, request: Mapping[str, Any] | None, origin: str) -> View:
        """Start a task, or a further turn of the one that the request names.

        request: what a client would send; None for the contract's first example of it.
        origin:  the address under which links of the task lead here.

        Raises NotFound for an unknown scenario, Conflict for the id of a live task.
        """
        story = self._engine.scenario(scenario)
        body = self._example() if request is None else request
        behaviour = {} if self._operation is None else self._operation.behaviour
        kind = self._engine.directory.kind(scenario, behaviour.get("kind", "workflow"))
        start = Start(scenario, kind, None, body, exact.dumps(body), origin)
        return await self._engine.start(namespace, start, Choice(story, _WHY))

    def _example(self) -> Mapping[str, Any]:
        first: Any = next(iter(self._media.examples.values()), {})
        return first if isinstance(first, Mapping) else {}

    @property
    def _media(self) -> MediaType:
        content = _content(self._operation)
        return next((media for name, media in content.items() if is_json(name)), _NOTHING)


def _content(operation: Operation | None) -> Mapping[str, MediaType]:
    return {} if operation is None or operation.body is None else operation.body.content
