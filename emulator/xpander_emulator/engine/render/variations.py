"""Oddities: tasks as they are seldom told. Legal but unusual, or with words that the contract does not know.

Pure: what is odd about a task follows from its key, so that each read tells it alike.
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
    """A task as it is told. `beyond` names what of it the contract does not know; empty where it keeps to it."""

    body: Mapping[str, Json]
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Variations:
    """Makes the tasks of one contract odd, by the choices of the server.

    pointer:  where the task's schema stands.
    defaults: what each of its properties is while nobody has set it.
    facts:    the properties that only the emulator or the story sets; none of them is made up.
    status:   the name of the status, and the word for a task that runs.
    """

    contract: Contract
    pointer: str
    defaults: Mapping[str, Json]
    facts: frozenset[str]
    status: tuple[str, str]
    nasty: bool = False
    future: bool = False

    def __call__(self, body: Mapping[str, Json], key: int) -> Variation:
        """Return a task as it is told; the same for the same task and key."""
        told = self._nasty(body, key) if self.nasty else body
        name, running = self.status
        if self.future and told.get(name) == running:
            return Variation({**told, name: FUTURE_STATUS}, f"{name} {FUTURE_STATUS}")
        return Variation(told)

    def _nasty(self, body: Mapping[str, Json], key: int) -> Mapping[str, Json]:
        odd = {name: told for name in body for told in self._property(name, body, key)}
        with_more = {**odd, _UNHEARD_OF: {"since": "tomorrow", "text": _TEXTS[draw(key, 0, 0, len(_TEXTS) - 1)]}}
        return next((told for told in (with_more, odd) if self._is_right(told)), body)

    def _property(self, name: str, body: Mapping[str, Json], key: int) -> Iterator[Json]:
        """Yield what a property is told to be; nothing where it is left out."""
        value = body[name]
        keyed = keyed_hash.keyed(key, "nasty", name)
        if value != self.defaults.get(name) or (name in self.facts and value is not None):
            yield self._with_more(name, body, keyed)
            return
        what = draw(keyed, 0, 0, 3)
        if what == 0 and self._is_right({other: each for other, each in body.items() if other != name}):
            return
        if name in self.facts or what == 3:
            yield value
            return
        text = _TEXTS[draw(keyed, 1, 0, len(_TEXTS) - 1)]
        yield self._legal(name, None if what == 1 else text, body)

    def _with_more(self, name: str, body: Mapping[str, Json], key: int) -> Json:
        value = body[name]
        if not isinstance(value, Mapping) or draw(key, 0, 0, 1):
            return value
        return self._legal(name, {**value, _UNHEARD_OF: _TEXTS[draw(key, 1, 0, len(_TEXTS) - 1)]}, body)

    def _legal(self, name: str, odd: Json, body: Mapping[str, Json]) -> Json:
        return odd if self._is_right({**body, name: odd}) else body[name]

    def _is_right(self, body: Mapping[str, Json]) -> bool:
        return judge(self.contract, self.pointer)(body)
