"""The violations of a schema, worded as a FastAPI service words them: jsonschema's errors as values."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from xpander_emulator.common import json_pointers
from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.model import NOTHING

Location: TypeAlias = tuple[str | int, ...]
# jsonschema's ValidationError, whose stubs give each attribute an "unset" form that iter_errors never yields.
Error: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a message breaks the contract, in the form of pydantic 2.

    loc:      ("body", "input", "text"), ("query", "page"), …
    input:    the value that was sent; for a missing property, the object that lacks it.
    expected: the right value, in the emulator's own words.
    context:  the numbers and names in the message; FastAPI's `ctx`.
    """

    loc: Location
    msg: str
    type: str
    input: object
    expected: str
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pointer(self) -> str:
        """JSON Pointer into the message, whose first part is "body", "query" and so on."""
        return json_pointers.join(*(self.loc[:1] if self.type == "json_invalid" else self.loc))

    def as_detail(self) -> dict[str, Any]:
        """Return the item of `detail` that FastAPI would send."""
        detail = {"type": self.type, "loc": list(self.loc), "msg": self.msg, "input": self.input}
        return {**detail, "ctx": dict(self.context)} if self.context else detail


def violation_text(detail: Mapping[str, Any]) -> str:
    """Return an item of FastAPI's `detail` as one line: `body.input.text: Field required`.

    For a body that is not JSON, the location ends with the offset of the error, and the line with its reason.
    """
    reason = detail.get("ctx", {}).get("error") if detail["type"] == "json_invalid" else None
    text = f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
    return f"{text}: {reason}" if reason else text


def explain(errors: Iterable[Error], value: Any, at: Location) -> tuple[Violation, ...]:
    """Return the violations behind jsonschema's `errors` of `value`, in document order, each once.

    at: the location of the value in the message, such as ("body",).
    """
    placed: dict[tuple[Location, str, str], tuple[tuple[int, ...], Violation]] = {}
    for leaf in leaves(errors):
        for violation in explain_one(leaf, (*at, *leaf.absolute_path)):
            order = _document_order(value, violation.loc[len(at) :])
            placed.setdefault((violation.loc, violation.type, violation.msg), (order, violation))
    return tuple(violation for _, violation in sorted(placed.values(), key=lambda item: item[0]))


def leaves(errors: Iterable[Error]) -> Iterator[Error]:
    """Yield the errors that a reader can act on: of `anyOf` and `oneOf`, those of the branch that was meant."""
    for error in errors:
        if error.validator in ("anyOf", "oneOf") and error.context:
            yield from leaves(_errors_of_meant_branch(error))
        else:
            yield error


def explain_one(error: Error, loc: Location) -> Iterator[Violation]:
    """Yield the violations in one error, one or more, of a value at `loc`."""
    keyword, limit, value = error.validator, error.validator_value, error.instance
    if keyword == "required":
        for name in limit:
            if name not in value:
                yield Violation((*loc, name), "Field required", "missing", value, f"'{name}'")
    elif keyword == "additionalProperties" and limit is False:
        for name in undeclared_names(error.schema, value):
            message = "Extra inputs are not permitted"
            yield Violation((*loc, name), message, "extra_forbidden", value[name], f"no '{name}'")
    elif keyword == "type":
        for kind, message, expected in _type_wordings(error):
            yield Violation(loc, message, kind, value, expected)
    else:
        kind, message, expected, context = _WORDINGS.get(str(keyword), _fallback)(error)
        yield Violation(loc, message, kind, value, expected, context)


def undeclared_names(schema: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names in an object that neither `properties` nor `patternProperties` of its schema declare."""
    declared, patterns = schema.get("properties", NOTHING), schema.get("patternProperties", NOTHING)
    for name in value:
        if name not in declared and not any(matches(pattern, name) for pattern in patterns):
            yield name


def _document_order(value: Any, path: Location) -> tuple[int, ...]:
    """Return a key that sorts as the document reads; a missing property comes first in its object."""
    order = []
    for part in path:
        if isinstance(value, Mapping):
            order.append(list(value).index(part) + 1 if part in value else 0)
            value = value.get(part)
        else:
            order.append(int(part) + 1)
            value = value[int(part)]
    return tuple(order)


# --- branches ---


def _errors_of_meant_branch(error: Error) -> list[Error]:
    """Return the errors of the nearest branch of the right type; without one, those of all branches but null."""
    branches: dict[int, list[Error]] = {}
    for inner in error.context:
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    of_right_type = [errors for errors in branches.values() if not _is_other_type(errors)]
    if of_right_type:
        return min(of_right_type, key=_distance)
    others = [errors for errors in branches.values() if errors[0].validator_value != "null"]
    return [inner for errors in others or branches.values() for inner in errors]


def _is_other_type(errors: Sequence[Error]) -> bool:
    return any(error.validator == "type" and not error.relative_path for error in errors)


def _distance(errors: Sequence[Error]) -> tuple[int, int]:
    """Return how far a value is from a branch: first by marks such as a constant `type`, then by errors."""
    marks = sum(error.validator in ("const", "enum") and len(error.relative_path) <= 1 for error in errors)
    return marks, len(errors)


# --- wordings ---

Wording: TypeAlias = tuple[str, str, str, Mapping[str, Any]]  # type, message, expected, context

_TYPES: Final[Mapping[str, tuple[str, str, str]]] = {
    "string": ("string_type", "Input should be a valid string", "a string"),
    "integer": ("int_type", "Input should be a valid integer", "an integer"),
    "number": ("float_type", "Input should be a valid number", "a number"),
    "boolean": ("bool_type", "Input should be a valid boolean", "true or false"),
    "array": ("list_type", "Input should be a valid list", "a list"),
    "object": ("dict_type", "Input should be a valid dictionary", "a mapping"),
    "null": ("none_required", "Input should be None", "null"),
}
_FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    "date-time": ("datetime_parsing", "Input should be a valid datetime"),
    "date": ("date_parsing", "Input should be a valid date in the format YYYY-MM-DD"),
    "time": ("time_parsing", "Input should be in a valid time format"),
    "duration": ("time_delta_parsing", "Input should be a valid timedelta"),
    "uuid": ("uuid_parsing", "Input should be a valid UUID"),
    "uri": ("url_parsing", "Input should be a valid URL"),
    "ipv4": ("ip_v4_address", "Input is not a valid IPv4 address"),
    "ipv6": ("ip_v6_address", "Input is not a valid IPv6 address"),
    "email": ("value_error", "value is not a valid email address"),
}


def _type_wordings(error: Error) -> Iterator[tuple[str, str, str]]:
    types = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
    schema = error.schema if isinstance(error.schema, Mapping) else NOTHING
    for name in [name for name in types if name != "null"] or types:
        if name == "integer" and isinstance(error.instance, float):
            message = "Input should be a valid integer, got a number with a fractional part"
            yield "int_from_float", message, "a whole number"
        elif name == "object" and "properties" in schema:
            message = "Input should be a valid dictionary or object to extract fields from"
            yield "model_attributes_type", message, "a mapping"
        else:
            yield _TYPES[name]


def _enum(error: Error) -> Wording:
    values = [value for value in error.validator_value if value is not None] or error.validator_value
    *others, last = map(repr, values or [""])
    expected = f"{', '.join(others)} or {last}" if others else last
    return "enum", f"Input should be {expected}", expected, {"expected": expected}


def _const(error: Error) -> Wording:
    expected = repr(error.validator_value)
    return "literal_error", f"Input should be {expected}", expected, {"expected": expected}


def _bound(kind: str, words: str, own_words: str, name: str) -> Callable[[Error], Wording]:
    def wording(error: Error) -> Wording:
        bound = error.validator_value
        return kind, f"Input should be {words} {bound}", f"{own_words} {bound}", {name: bound}

    return wording


def _length(kind: str, name: str, words: str) -> Callable[[Error], Wording]:
    def wording(error: Error) -> Wording:
        bound = error.validator_value
        expected = f"{words} {bound} {'character' if bound == 1 else 'characters'}"
        return kind, f"String should have {expected}", expected, {name: bound}

    return wording


def _count(kind: str, name: str, words: str, collection: str) -> Callable[[Error], Wording]:
    def wording(error: Error) -> Wording:
        bound, actual = error.validator_value, len(error.instance)
        expected = f"{words} {bound} {'item' if bound == 1 else 'items'}"
        message = f"{collection} should have {expected} after validation, not {actual}"
        return kind, message, expected, {"field_type": collection, name: bound, "actual_length": actual}

    return wording


def _value_error(message: str, expected: str) -> Callable[[Error], Wording]:
    return lambda error: ("value_error", f"Value error, {message}", expected, NOTHING)


def _pattern(error: Error) -> Wording:
    pattern = error.validator_value
    message = f"String should match pattern '{pattern}'"
    return "string_pattern_mismatch", message, f"a text that matches {pattern}", {"pattern": pattern}


def _format(error: Error) -> Wording:
    name = error.validator_value
    kind, message = _FORMATS.get(name, ("value_error", f"Value error, not in the format '{name}'"))
    return kind, message, f"a text in the format {name}", NOTHING


def _fallback(error: Error) -> Wording:
    return "value_error", f"Value error, {error.message}", f"a value that meets '{error.validator}'", NOTHING


_WORDINGS: Final[Mapping[str, Callable[[Error], Wording]]] = {
    "enum": _enum,
    "const": _const,
    "minimum": _bound("greater_than_equal", "greater than or equal to", "at least", "ge"),
    "maximum": _bound("less_than_equal", "less than or equal to", "at most", "le"),
    "exclusiveMinimum": _bound("greater_than", "greater than", "more than", "gt"),
    "exclusiveMaximum": _bound("less_than", "less than", "less than", "lt"),
    "multipleOf": _bound("multiple_of", "a multiple of", "a multiple of", "multiple_of"),
    "minLength": _length("string_too_short", "min_length", "at least"),
    "maxLength": _length("string_too_long", "max_length", "at most"),
    "minItems": _count("too_short", "min_length", "at least", "List"),
    "maxItems": _count("too_long", "max_length", "at most", "List"),
    "minProperties": _count("too_short", "min_length", "at least", "Dictionary"),
    "maxProperties": _count("too_long", "max_length", "at most", "Dictionary"),
    "pattern": _pattern,
    "format": _format,
    "uniqueItems": _value_error("the items should be unique", "items that all differ"),
    "oneOf": _value_error(
        "Input should match exactly one of the alternatives, and matches several",
        "a value that fits one alternative only",
    ),
    # jsonschema's name for the schema `false`.
    "None": _value_error("nothing is allowed here", "nothing"),
}
