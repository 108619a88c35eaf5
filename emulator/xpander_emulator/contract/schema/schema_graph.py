"""The schemas that a schema contains and refers to, and circles of schemas that apply to the same value.

`allOf`, `$ref` and their like apply further schemas to a value, not to a part of it. A schema that leads back to itself
through these keywords alone describes nothing, and no reader comes to its end (JSON Schema 2020-12, core, 9.4.1).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from xpander_emulator.common import json_pointers
from xpander_emulator.common.types import DocPath
from xpander_emulator.contract.document_objects import OBJECTS

REFERENCES: Final = ("$ref", "$dynamicRef")
# How many schemas may lead to one another in a row; validators take about five frames of the interpreter's 1,000 each.
MAX_IN_A_ROW: Final = 100
MANY: Final = 100_000
_SHAPES: Final = OBJECTS["schema"]
# JSON Schema 2020-12, core, 10.2: the keywords that apply schemas in place.
_IN_PLACE: Final = {
    word: _SHAPES[word] for word in ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
}


class PlacedSchema(NamedTuple):
    """A schema and its path in the document."""

    path: DocPath
    schema: Any


class Circle(Exception):
    """Schemas that lead from the first of them back to it, or too many in a row; the text says which."""

    def __init__(self, schemas: Sequence[PlacedSchema]) -> None:
        super().__init__([each.path for each in schemas])
        self.schemas = tuple(schemas)

    def __str__(self) -> str:
        first, last = self.schemas[0], self.schemas[-1]
        if first.schema is not last.schema:
            return f"more than {len(self.schemas) - 1} schemas are applied in a row from {quoted_place(first.path)} on"
        through = " -> ".join(quoted_place(each.path) for each in self.schemas)
        return f"a schema applies itself to the same value without end: {through}"


def inner_schemas(placed: PlacedSchema, shapes: Mapping[str, str] = _SHAPES) -> Iterator[PlacedSchema]:
    """Yield the schemas directly inside one.

    shapes: the keywords to look at, as in `document_objects.OBJECTS`.
    """
    path, schema = placed
    for keyword, value in schema.items() if isinstance(schema, Mapping) else ():
        shape = shapes.get(keyword, "")
        if shape.startswith("{") and isinstance(value, Mapping):
            yield from (PlacedSchema((*path, keyword, name), each) for name, each in value.items())
        elif shape.startswith("[") and isinstance(value, list):
            yield from (PlacedSchema((*path, keyword, index), each) for index, each in enumerate(value))
        elif shape == "schema":
            yield PlacedSchema((*path, keyword), value)


class InPlaceCounter:
    """Counts how many schemas each schema applies to one value; references lead into `root`."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._counts: dict[int, int] = {}

    def count(self, placed: PlacedSchema, trail: tuple[PlacedSchema, ...] = ()) -> int:
        """Return how many schemas are applied to a value in all, each as often as something leads to it.

        trail: the schemas that have led here. Raises Circle.
        """
        if not isinstance(placed.schema, Mapping):
            return 1
        key = id(placed.schema)
        if key in self._counts:
            return self._counts[key]
        first = next((index for index, each in enumerate(trail) if each.schema is placed.schema), None)
        if first is not None:
            raise Circle((*trail[first:], placed))
        if len(trail) >= MAX_IN_A_ROW:
            raise Circle((*trail, placed))
        following = (*referenced_schemas(placed, self._root), *inner_schemas(placed, _IN_PLACE))
        self._counts[key] = 1 + sum(self.count(each, (*trail, placed)) for each in following)
        return self._counts[key]


def in_place_counts(schemas: Iterable[PlacedSchema], root: Any) -> Iterator[int]:
    """Yield for each schema how many schemas it applies to one value; references lead into `root`. Raises Circle."""
    return map(InPlaceCounter(root).count, schemas)


def reachable_schemas(schema: Any, root: Any, most: int = MANY) -> Iterator[PlacedSchema]:
    """Yield a schema, those inside it, and those that they refer to in `root`, each once.

    most: how many schemas are yielded, and one more.
    """
    waiting, seen = [PlacedSchema((), schema)], {id(schema)}
    # The list grows while it is read.
    for index, placed in enumerate(waiting):
        yield placed
        if index > most:
            return
        for each in (*inner_schemas(placed), *referenced_schemas(placed, root)):
            if isinstance(each.schema, bool) or id(each.schema) not in seen:
                seen.add(id(each.schema))
                waiting.append(each)


def referenced_schemas(placed: PlacedSchema, root: Any) -> Iterator[PlacedSchema]:
    """Yield the schemas to which a schema refers itself, as far as they are in `root`."""
    for word in REFERENCES if isinstance(placed.schema, Mapping) else ():
        reference = placed.schema.get(word)
        target = target_of(root, reference) if isinstance(reference, str) else None
        if target is not None:
            yield target


def target_of(root: Any, reference: str) -> PlacedSchema | None:
    """Return the schema to which a local reference leads, or None."""
    try:
        pointer, schema = json_pointers.resolve(root, reference)
    except LookupError:
        return None
    return PlacedSchema(json_pointers.split(pointer), schema)


def quoted_place(path: DocPath) -> str:
    """Return a path as messages quote it: `'#/properties/a'`."""
    return f"'#{json_pointers.join(*path)}'"
