"""The reader of schemas: what a schema says of a value, whatever it refers to and combines.

Every other module asks here which properties, types, items and values a schema has; whether a value satisfies it, and
if not why, is answered by `validation`. A schema is read through `$ref`, `allOf`, `anyOf` and `oneOf` (JSON Schema
2020-12, core, 10.2); a reference that leads nowhere, or back to where it stands, says nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.types import Json

_ALTERNATIVES: Final = ("anyOf", "oneOf")
_NULL: Final = frozenset({"null"})
# The schema `false`, written with a keyword.
_NEVER: Final[Mapping[str, Any]] = {"not": {}}


class Branches(Enum):
    """Which branches of `anyOf` and `oneOf` are read.

    FIRST: the first that is not null. ONLY: the one that is not null, where there are no others.
    """

    ALL = "all"
    FIRST = "first"
    ONLY = "only"
    NONE = "none"


def json_types(value: Any) -> frozenset[str]:
    """Return the JSON types of a value; a whole number has two, integer and number."""
    match value:
        case None:
            return frozenset({"null"})
        case bool():
            return frozenset({"boolean"})
        case int():
            return frozenset({"integer", "number"})
        case float():
            return frozenset({"integer", "number"} if value.is_integer() else {"number"})
        case str():
            return frozenset({"string"})
        case Mapping():
            return frozenset({"object"})
        case _:
            return frozenset({"array"})


class SchemaView:
    """One schema of a document; its properties are computed at first use and cached."""

    def __init__(self, document: Any, schema: Any) -> None:
        self.document = document
        self.schema = schema

    @classmethod
    def of_pointer(cls, document: Any, pointer: str) -> "SchemaView":
        """Return the view of the schema at `pointer`; of one that takes anything where nothing stands there."""
        return cls(document, json_pointers.reference_to(pointer))

    def parts(self, branches: Branches = Branches.ALL) -> tuple[Mapping[str, Any], ...]:
        """Return the schema, what it refers to and what it combines, each as it stands in the document."""
        return tuple(part for part, _ in _parts(self.document, self.schema, branches))

    def keyword(self, name: str, branches: Branches = Branches.ALL) -> Json:
        """Return the first value of a keyword, the schema's own before that of a schema it refers to, or None."""
        return next((part[name] for part in self.parts(branches) if name in part), None)

    @cached_property
    def properties(self) -> Mapping[str, "SchemaView"]:
        """Every property that is declared anywhere, in the order of the document.

        Of a name that is declared several times, the schema is any of its declarations.
        """
        return self._properties(Branches.ALL, "anyOf")

    def properties_of(self, branches: Branches) -> Mapping[str, "SchemaView"]:
        """Return the properties that are declared in these branches and outside of any, in the order of the document.

        Of a name that is declared several times, the schema is all of its declarations.
        """
        return self._properties(branches, "allOf")

    def required_of(self, branches: Branches) -> tuple[str, ...]:
        """Return the names of the properties that must be there where these branches are taken."""
        return tuple(dict.fromkeys(name for part in self.parts(branches) for name in _list(part.get("required"))))

    @cached_property
    def types(self) -> frozenset[str] | None:
        """The JSON types of the values that the schema takes, with integer wherever number is; None for all of them."""
        return _types(self.document, self.schema)

    @cached_property
    def declared_types(self) -> tuple[str, ...]:
        """The types in the order of the document, with integer where it is declared; () for all of them."""
        names = (name for part in self.parts() for name in _declared_types(part))
        return tuple(dict.fromkeys(name for name in names if self.types is not None and name in self.types))

    @cached_property
    def values(self) -> tuple[Any, ...]:
        """The values that the schema lists one by one, but for null; () where it may take others."""
        return tuple(value for value in _values(self.document, self.schema) if value is not None)

    @cached_property
    def items(self) -> tuple["SchemaView", ...]:
        """The schemas of a list's items that are declared anywhere."""
        return tuple(SchemaView(self.document, part["items"]) for part in self.parts() if "items" in part)

    @cached_property
    def others(self) -> tuple["SchemaView", ...]:
        """The schemas of the properties that are not declared, as far as any are described."""
        schemas = (part.get("additionalProperties") for part in self.parts())
        return tuple(SchemaView(self.document, each) for each in schemas if isinstance(each, Mapping))

    @cached_property
    def is_closed(self) -> bool:
        """Whether every property that is not declared is refused."""
        return any(
            part.get("additionalProperties") is False and not part.get("patternProperties")
            for part in self.parts(Branches.NONE)
        )

    @cached_property
    def is_free(self) -> bool:
        """Whether some part describes properties that are not declared, or takes any object."""
        return any(map(_is_free, self.parts()))

    @cached_property
    def takes_more(self) -> bool:
        """Whether some part says that properties which are not declared are welcome."""
        return any(part.get("additionalProperties") or "patternProperties" in part for part in self.parts())

    def takes(self, value: Any) -> bool:
        """Return whether a value has one of the types that the schema takes."""
        return self.types is None or not self.types.isdisjoint(json_types(value))

    def at(self, part: str | int) -> "SchemaView":
        """Return the schema of a property or of a list's item; one that takes anything where none is declared."""
        if isinstance(part, int):
            return next(iter(self.items), ANYTHING)
        declared = self.properties.get(part)
        return next(iter(self.others), ANYTHING) if declared is None else declared

    def _properties(self, branches: Branches, word: str) -> Mapping[str, "SchemaView"]:
        declared: dict[str, list[Any]] = {}
        for part in self.parts(branches):
            properties = part.get("properties")
            for name, schema in properties.items() if isinstance(properties, Mapping) else ():
                if schema not in declared.setdefault(name, []):
                    declared[name].append(schema)
        return {
            name: SchemaView(self.document, schemas[0] if len(schemas) == 1 else {word: schemas})
            for name, schemas in declared.items()
        }


ANYTHING: Final = SchemaView({}, True)


def _parts(
    document: Any, schema: Any, branches: Branches, references: tuple[str, ...] = ()
) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    """Yield the parts of a schema, each with the references that have led to it; none is followed twice in a row."""
    if not isinstance(schema, Mapping):
        if schema is False:
            yield _NEVER, references
        return
    yield schema, references
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in references:
        yield from _parts(document, _target(document, reference), branches, (*references, reference))
    for branch in _list(schema.get("allOf")):
        yield from _parts(document, branch, branches, references)
    for word in _ALTERNATIVES:
        for branch in _chosen(document, _list(schema.get(word)), branches, references):
            yield from _parts(document, branch, branches, references)


def _chosen(document: Any, options: Sequence[Any], branches: Branches, references: tuple[str, ...]) -> Sequence[Any]:
    if branches is Branches.ALL:
        return options
    if branches is Branches.NONE:
        return ()
    others = [each for each in options if _types(document, each, references) != _NULL]
    return others[:1] if branches is Branches.FIRST or len(others) == 1 else ()


def _target(document: Any, reference: str) -> Any:
    """Return the schema to which a local reference leads; True, which takes anything, where it leads nowhere."""
    try:
        return json_pointers.resolve(document, reference)[1]
    except LookupError:
        return True


def _types(document: Any, schema: Any, references: tuple[str, ...] = ()) -> frozenset[str] | None:
    """Return the types that every part of a schema takes; of alternatives, those that any of them takes."""
    parts = _parts(document, schema, Branches.NONE, references)
    taken = [types for part, trail in parts for types in _types_by_keyword(document, part, trail)]
    return frozenset.intersection(*taken) if taken else None


def _types_by_keyword(document: Any, part: Mapping[str, Any], references: tuple[str, ...]) -> Iterator[frozenset[str]]:
    if part.get("type") is not None:
        names = frozenset(_names(part["type"]))
        yield names | {"integer"} if "number" in names else names
    if "const" in part:
        yield json_types(part["const"])
    elif isinstance(part.get("enum"), list):
        yield frozenset().union(*map(json_types, part["enum"]))
    for word in _ALTERNATIVES:
        options = [_types(document, each, references) for each in _list(part.get(word)) if each is not False]
        if options and None not in options:
            yield frozenset().union(*(types for types in options if types))


def _declared_types(part: Mapping[str, Any]) -> Iterator[str]:
    if "type" in part:
        yield from _names(part["type"])
        return
    for value in (*_list(part.get("enum")), *((part["const"],) if "const" in part else ())):
        # Of a whole number's two types, integer comes first.
        yield from sorted(json_types(value))


def _names(value: Any) -> Sequence[str]:
    """Return the types of the keyword `type`: one name, or a list of names."""
    return [value] if isinstance(value, str) else _list(value)


def _values(document: Any, schema: Any, references: tuple[str, ...] = ()) -> Sequence[Any]:
    for part, trail in _parts(document, schema, Branches.NONE, references):
        if isinstance(part.get("enum"), list):
            return list(part["enum"])
        if "const" in part:
            return (part["const"],)
        for word in _ALTERNATIVES:
            others = [each for each in _list(part.get(word)) if _types(document, each, trail) != _NULL]
            listed = [_values(document, each, trail) for each in others]
            if listed and all(listed):
                return [value for values in listed for value in values]
    return ()


def _is_free(part: Mapping[str, Any]) -> bool:
    if part.get("patternProperties") or isinstance(part.get("additionalProperties"), Mapping):
        return True
    if any(word in part for word in ("properties", "$ref", "allOf", "not", *_ALTERNATIVES)):
        return False
    return not part.get("type") or "object" in _names(part["type"])


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
