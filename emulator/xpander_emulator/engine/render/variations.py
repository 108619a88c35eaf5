"""Variations: tasks with legal but unusual values, or with words that the contract does not know.

Pure: the variation of a task follows from its key, so that each read shows the same one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from xpander_emulator.common import keyed_hash
from xpander_emulator.common.types import Json
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.validation import judge
from xpander_emulator.core.replay import draw

# A status and a type of event of a release that is not out yet.
FUTURE_STATUS: Final = "reviewing"
FUTURE_EVENT: Final = "task_reviewed"
_UNHEARD_OF: Final = "unheard_of"
_TEXTS: Final = (
    "",
    " ",
    "null",
    "A long text, of which a table shows the beginning. " * 100,
    "Two lines\r\nand a\ttab, \"quotes\", <b>tags</b> & 'more' \\ {{ braces }}",
    # Beyond U+FFFF; a family of four that is one character to the eye; one letter with many marks; right to left,
    # with the mark that turns the rest of a line round; letters that look like others.
    "\U0001d4ae\U0001d4c9\U0001d4b6\U0001d4c9\U0001d4ca\U0001d4c8",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "Z\u0351\u036b\u0343\u036a\u0302\u0363a\u030a\u0323e\u0301\u0327",
    "\u0627\u0644\u0645\u0647\u0645\u0629 \u05de\u05e9\u05d9\u05de\u05d4 \u202eright to left",
    "\u0430dmin \u212b \ufb01le \u200bzero width\u00a0space",
)


class Variation(NamedTuple):
    """The body that a client gets. `beyond` names what the contract does not know in it; empty where it knows all."""

    body: Mapping[str, Json]
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Variations:
    """Varies the tasks of one contract.

    pointer:  of the task's schema.
    defaults: of each of its properties.
    facts:    the properties that only the emulator or the scenario sets; no value is invented for them.
    status:   the name of the status, and its value for a task that runs.
    nasty:    whether values are varied within the contract.
    future:   whether a task that runs gets a status that the contract does not know.
    """

    contract: Contract
    pointer: str
    defaults: Mapping[str, Json]
    facts: frozenset[str]
    status: tuple[str, str]
    nasty: bool = False
    future: bool = False

    def __call__(self, body: Mapping[str, Json], key: int) -> Variation:
        """Return the variation of a task; the same one for the same body and key."""
        varied = self._nasty(body, key) if self.nasty else body
        name, running = self.status
        if self.future and varied.get(name) == running:
            return Variation({**varied, name: FUTURE_STATUS}, f"{name} {FUTURE_STATUS}")
        return Variation(varied)

    def _nasty(self, body: Mapping[str, Json], key: int) -> Mapping[str, Json]:
        varied = {name: value for name in body for value in self._property(name, body, key)}
        with_more = {**varied, _UNHEARD_OF: {"since": "tomorrow", "text": _TEXTS[draw(key, 0, 0, len(_TEXTS) - 1)]}}
        return next((legal for legal in (with_more, varied) if self._is_legal(legal)), body)

    def _property(self, name: str, body: Mapping[str, Json], key: int) -> Iterator[Json]:
        """Yield the value of a property, or nothing where the property is left out."""
        value = body[name]
        keyed = keyed_hash.keyed(key, "nasty", name)
        if value != self.defaults.get(name) or (name in self.facts and value is not None):
            yield self._with_more(name, body, keyed)
            return
        what = draw(keyed, 0, 0, 3)
        if what == 0 and self._is_legal({other: each for other, each in body.items() if other != name}):
            return
        if name in self.facts or what == 3:
            yield value
            return
        text = _TEXTS[draw(keyed, 1, 0, len(_TEXTS) - 1)]
        yield self._if_legal(name, None if what == 1 else text, body)

    def _with_more(self, name: str, body: Mapping[str, Json], key: int) -> Json:
        value = body[name]
        if not isinstance(value, Mapping) or draw(key, 0, 0, 1):
            return value
        return self._if_legal(name, {**value, _UNHEARD_OF: _TEXTS[draw(key, 1, 0, len(_TEXTS) - 1)]}, body)

    def _if_legal(self, name: str, value: Json, body: Mapping[str, Json]) -> Json:
        return value if self._is_legal({**body, name: value}) else body[name]

    def _is_legal(self, body: Mapping[str, Json]) -> bool:
        return judge(self.contract, self.pointer)(body)
