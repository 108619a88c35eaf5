"""The templates of one task: the texts of its scenario, resolved."""

from collections.abc import Callable, Mapping
from typing import Final

from xpander_emulator.clock import iso
from xpander_emulator.common.redaction import credentials_in, sentence_without
from xpander_emulator.common.types import Json
from xpander_emulator.contract.schema.reader import ANYTHING, SchemaView
from xpander_emulator.core.replay import Visit
from xpander_emulator.core.signals import Signal
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BrokenPromise
from xpander_emulator.scenario import templates

Fakes = Callable[[str, int, str], Json]
# The types of values in which no template can be.
_PLAIN: Final = frozenset([str, int, float, bool, type(None)])


class Texts:
    """Renders the templates of one task.

    body:  of the task, which may still grow.
    fakes: gives a provider's value for a key and a JSON pointer.
    """

    __slots__ = ("_body", "_fakes", "_request", "_task_state")

    def __init__(self, task_state: TaskState, body: Mapping[str, Json], request: Json, fakes: Fakes) -> None:
        self._task_state = task_state
        self._body = body
        self._request = request
        self._fakes = fakes

    def render(self, value: Json, visit: Visit, pointer: str, schema: SchemaView = ANYTHING) -> Json:
        """Return a value with its templates resolved as of a visit. Raises BrokenPromise for one that fails.

        pointer: to the place of the value in the body; `schema` is the schema there.
        """
        if type(value) in _PLAIN:
            return value
        try:
            return templates.render(value, self._context(visit), self._fake, pointer, schema)
        except BrokenPromise as broken:
            timeline = self._task_state.turn.timeline
            place = f"{timeline.source}:{timeline.steps[visit.step].line}"
            message = sentence_without(broken.message, credentials_in(self._request))
            raise BrokenPromise(f"{message}. See {place}.") from None

    def _fake(self, provider: str, pointer: str) -> Json:
        return self._fakes(provider, self._task_state.turn.key, pointer)

    def _context(self, visit: Visit) -> dict[str, Json]:
        signal = visit.signal
        return {
            "input": self._body.get("input", self._request),
            "request": self._request,
            "task": {"id": self._task_state.task.id, "turn": self._task_state.number + 1, **self._named()},
            "signal": {} if signal is None else _variables(signal),
            "now": iso(visit.at),
        }

    def _named(self) -> dict[str, Json]:
        return {name: self._body.get(name) for name in ("agent_id", "organization_id", "created_at", "title")}


class TextsInPart(Texts):
    """Renders the templates of one task; a value whose template fails is null."""

    __slots__ = ()

    def render(self, value: Json, visit: Visit, pointer: str, schema: SchemaView = ANYTHING) -> Json:
        """Return a value with its templates resolved as of a visit, or null."""
        try:
            return super().render(value, visit, pointer, schema)
        except BrokenPromise:
            return None


def _variables(signal: Signal) -> dict[str, Json]:
    variables = {"name": signal.kind, "by": signal.by, "reason": signal.reason, "payload": signal.payload}
    return {**variables, "at": iso(signal.at)}
