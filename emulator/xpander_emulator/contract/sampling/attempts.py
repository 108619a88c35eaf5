"""The attempts to make one value: what each of them chooses and draws, and how they fail."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from xpander_emulator.common import json_pointers
from xpander_emulator.common.keyed_hash import keyed

# Beyond this many levels, hardly anything but required properties is made.
ENOUGH: Final = 4
# The share of optional properties that are made.
_OPTIONAL: Final = 0.8
_ROUNDS: Final = 24
_MAX_COMBINATIONS: Final = 48
# Keywords that a value made part by part may break as a whole.
_UNCERTAIN: Final = frozenset({
    "anyOf", "contains", "dependentSchemas", "enum", "if", "not", "oneOf", "patternProperties", "propertyNames",
    "unevaluatedItems", "unevaluatedProperties", "uniqueItems", "minProperties", "pattern", "format",
})  # fmt: skip
# Keywords for which another draw may help; for the others, everything has been tried.
_REDRAWN: Final = _UNCERTAIN - {"enum", "pattern", "format"}

_T = TypeVar("_T")


class SamplingFailed(Exception):
    """No value was made; another attempt may make one.

    keyword: that no value satisfied; "" where values were made and all of them broke the schema.
    pattern: that no text matched, and the place in the contract where it stands.
    """

    def __init__(self, pointer: str, keyword: str, pattern: str = "") -> None:
        super().__init__(pointer, keyword, pattern)
        self.pointer = pointer
        self.keyword = keyword
        self.pattern = pattern


class BrokenReference(SamplingFailed):
    """A reference leads nowhere."""

    def __init__(self, pointer: str) -> None:
        super().__init__(pointer, "$ref")


class LimitReached(SamplingFailed):
    """No value was made within the limits of one value; no other attempt is made."""


class TooManyFailures(LimitReached):
    """Too many parts were made in vain; a careful attempt may make a value."""


# A NamedTuple is made in a third of the time of a frozen dataclass.
class Position(NamedTuple):
    """The position of a part in the value, and how the part is made.

    key:             decides what is drawn.
    ignore_examples: make no use of examples and defaults, here and below.
    required_only:   make no optional properties, here and below.
    references:      the references that have led here.
    """

    pointer: str
    key: int
    ignore_examples: bool = False
    required_only: bool = False
    depth: int = 0
    references: tuple[str, ...] = ()

    def child(self, part: str | int) -> "Position":
        """Return the position of a property or an item."""
        return self._replace(pointer=self.pointer + json_pointers.join(part), depth=self.depth + 1)

    def retry(self, attempt: int) -> "Position":
        """Return the position under another name, which changes the draws; without examples from attempt 1 on."""
        is_ignored = self.ignore_examples or attempt > 0
        return self._replace(pointer=f"{self.pointer}~{attempt}", ignore_examples=is_ignored)

    @property
    def is_deep(self) -> bool:
        """Whether the position is so deep that only required parts are made."""
        return self.depth > ENOUGH or self._is_recursive

    @property
    def _is_recursive(self) -> bool:
        return any(self.references.count(each) > 2 for each in self.references[-3:])

    @property
    def is_minimal(self) -> bool:
        """Whether optional properties and items are left out."""
        return self.required_only or self.is_deep

    @property
    def endless_keyword(self) -> str:
        """The keyword to name for a value that has no end here."""
        return "$ref" if self.references else "size"

    def includes(self, schema: Mapping[str, Any], name: str) -> bool:
        """Return whether an optional property is made; independent of all other properties.

        With `required` in the schema, most optional properties are made; without it, all of them. Beyond ENOUGH levels
        they become fewer.
        """
        if self.required_only or self._is_recursive:
            return False
        chance = _OPTIONAL if "required" in schema else 1.0
        for _ in range(self.depth - ENOUGH):
            chance /= 3
        return keyed(self.key, self.pointer, name, "is there") < chance * 2**64


class Choices:
    """One combination of the choices in a schema: the `number`th, with each choice as a digit.

    needs_check: whether the value may break the schema.
    may_differ:  whether another combination may give a value where this one gives none.
    """

    def __init__(self, number: int) -> None:
        self._rest = number
        self.needs_check = self.may_differ = number > 0

    def read(self, schema: Mapping[str, Any]) -> None:
        """Set `needs_check` and `may_differ` by the keywords of a schema."""
        self.needs_check = self.needs_check or not _UNCERTAIN.isdisjoint(schema)
        self.may_differ = self.may_differ or not _REDRAWN.isdisjoint(schema)

    def pick(self, options: Sequence[_T]) -> _T:
        """Return one of the options; the first one in combination 0."""
        if len(options) > 1:
            self.needs_check = self.may_differ = True
        self._rest, index = divmod(self._rest, len(options))
        return options[index]

    @property
    def is_beyond_last(self) -> bool:
        """Whether there are fewer combinations than this one's number."""
        return self._rest > 0


def attempts(position: Position) -> Iterator[tuple[Position, Choices]]:
    """Yield what to try, from the nicest value to the plainest; then all of it again with other draws."""
    # Nearly every value is made in the first attempt.
    yield position, Choices(0)
    for turn in range(_ROUNDS):
        again = position._replace(key=keyed(position.key, "turn", turn)) if turn else position
        for combination in range(_MAX_COMBINATIONS):
            if not turn and combination:
                yield again, Choices(combination)
            yield again._replace(ignore_examples=True), Choices(combination)
            choices = Choices(combination)
            yield again._replace(ignore_examples=True, required_only=True), choices
            if choices.is_beyond_last:
                break
