"""Schemas that are applied to the same value as the schema in which they stand, and circles of them.

`allOf`, `$ref` and their like apply further schemas to a value, not to a part of it. A schema that leads back to itself
through them alone describes nothing, and whatever follows it comes to no end (JSON Schema 2020-12, core, 9.4.1).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

from xpander_emulator.common import json_pointers
from xpander_emulator.contract.document_objects import OBJECTS

Path: TypeAlias = tuple[str | int, ...]

REFERENCES: Final = ("$ref", "$dynamicRef")
# How many schemas may lead to one another in a row; validators take about five frames of the interpreter's 1,000 each.
MAX_IN_A_ROW: Final = 100
MANY: Final = 100_000
_ONE: Final = ("not", "if", "then", "else")
_MANY: Final = ("allOf", "anyOf", "oneOf")


class PlacedSchema(NamedTuple):
    """A schema, and where it stands in its document."""

    path: Path
    schema: Any


Resolve: TypeAlias = Callable[[str], PlacedSchema | None]
"""Returns where a reference leads; None where nothing is known there."""


class Circle(Exception):
    """Schemas that lead from the first of them back to it, or too many in a row."""

    def __init__(self, spots: Sequence[PlacedSchema]) -> None:
        super().__init__([spot.path for spot in spots])
        self.spots = tuple(spots)


def applied_schemas(spot: PlacedSchema) -> Iterator[PlacedSchema]:
    """Yield the schemas within one that are applied to the same value, references left aside."""
    path, schema = spot
    for word in _ONE:
        if word in schema:
            yield PlacedSchema((*path, word), schema[word])
    for word in _MANY:
        found = schema.get(word)
        for index, each in enumerate(found if isinstance(found, list) else ()):
            yield PlacedSchema((*path, word, index), each)
    depending = schema.get("dependentSchemas")
    for name, each in depending.items() if isinstance(depending, Mapping) else ():
        yield PlacedSchema((*path, "dependentSchemas", name), each)


class InPlaceCounter:
    """Counts how many schemas each schema of a document applies to one value."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._counts: dict[int, int] = {}

    def count(self, spot: PlacedSchema, trail: tuple[PlacedSchema, ...] = ()) -> int:
        """Return how many schemas are applied to a value in all, each as often as something leads to it.

        trail: the schemas that have led here. Raises Circle.
        """
        if not isinstance(spot.schema, Mapping):
            return 1
        key = id(spot.schema)
        if key in self._counts:
            return self._counts[key]
        first = next((index for index, each in enumerate(trail) if each.schema is spot.schema), None)
        if first is not None:
            raise Circle((*trail[first:], spot))
        if len(trail) >= MAX_IN_A_ROW:
            raise Circle((*trail, spot))
        found = 1 + sum(self.count(each, (*trail, spot)) for each in self._following(spot))
        self._counts[key] = found
        return found

    def _following(self, spot: PlacedSchema) -> Iterator[PlacedSchema]:
        for word in REFERENCES:
            reference = spot.schema.get(word)
            target = self._resolve(reference) if isinstance(reference, str) else None
            if target is not None:
                yield target
        yield from applied_schemas(spot)


def in_place_counts(spots: Iterable[PlacedSchema], root: Any) -> Iterator[int]:
    """Yield for each schema how many it applies to one value; references lead into `root`. Raises Circle."""
    in_place = InPlaceCounter(partial(target, root))
    return map(in_place.count, spots)


def in_words(circle: Circle) -> str:
    """Return what is wrong with schemas that lead to themselves, or on and on."""
    first, last = circle.spots[0], circle.spots[-1]
    if first.schema is not last.schema:
        return f"more than {len(circle.spots) - 1} schemas are applied in a row from {quoted_place(first.path)} on"
    through = " -> ".join(quoted_place(spot.path) for spot in circle.spots)
    return f"a schema applies itself to the same value without end: {through}"


def inner_schemas(spot: PlacedSchema) -> Iterator[PlacedSchema]:
    """Yield the schemas that stand in one, with the places at which they stand."""
    path, schema = spot
    shapes = OBJECTS["schema"]
    for keyword, value in schema.items() if isinstance(schema, Mapping) else ():
        shape = shapes.get(keyword, "")
        if shape.startswith("{") and isinstance(value, Mapping):
            yield from (PlacedSchema((*path, keyword, name), each) for name, each in value.items())
        elif shape.startswith("[") and isinstance(value, list):
            yield from (PlacedSchema((*path, keyword, index), each) for index, each in enumerate(value))
        elif shape == "schema":
            yield PlacedSchema((*path, keyword), value)


def reachable_schemas(schema: Any, root: Any, most: int = MANY) -> Iterator[PlacedSchema]:
    """Yield a schema, those within it, and those that they refer to in `root`, each once.

    most: after so many and one more it ends.
    """
    waiting, met = [PlacedSchema((), schema)], {id(schema)}
    # What is yielded grows on the way.
    for index, spot in enumerate(waiting):
        yield spot
        if index > most:
            return
        following = [*inner_schemas(spot), *_targets(spot, root)]
        for each in following:
            if isinstance(each.schema, bool) or id(each.schema) not in met:
                met.add(id(each.schema))
                waiting.append(each)


def _targets(spot: PlacedSchema, root: Any) -> Iterator[PlacedSchema]:
    for word in REFERENCES if isinstance(spot.schema, Mapping) else ():
        reference = spot.schema.get(word)
        found = target(root, reference) if isinstance(reference, str) else None
        if found is not None:
            yield found


def target(root: Any, reference: str) -> PlacedSchema | None:
    """Return where a reference leads within a document, or None."""
    pointer = json_pointers.from_reference(reference)
    if not reference.startswith("#") or not json_pointers.exists(root, pointer):
        return None
    return PlacedSchema(json_pointers.split(pointer), json_pointers.look_up(root, pointer))


def quoted_place(path: Path) -> str:
    """Return a path as messages quote it."""
    return f"'#{json_pointers.join(*path)}'"
