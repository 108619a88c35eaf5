"""What is wrong with a value, in the words of a FastAPI service: jsonschema's errors as violations."""

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
    """One way in which a message breaks the contract, told as pydantic 2 tells it.

    loc:      ("body", "input", "text"), ("query", "page"), …
    input:    what was sent; for something missing, the object that lacks it.
    expected: what would be right, in our own words.
    context:  the numbers and names of the message, FastAPI's `ctx`.
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
    """Return a violation, as FastAPI tells it, as `place: what is wrong there`.

    Of a body that is no JSON, the place ends with the offset at which it stops being that, and the reason is told too.
    """
    reason = detail.get("ctx", {}).get("error") if detail["type"] == "json_invalid" else None
    told = f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
    return f"{told}: {reason}" if reason else told


def explain(errors: Iterable[Error], value: Any, at: Location) -> tuple[Violation, ...]:
    """Return the violations behind jsonschema's `errors` of `value`, in document order, each once.

    at: where the value stands in the message, such as ("body",).
    """
    placed: dict[tuple[Location, str, str], tuple[tuple[int, ...], Violation]] = {}
    for leaf in leaves(errors):
        for violation in explain_one(leaf, (*at, *leaf.absolute_path)):
            place = _position(value, violation.loc[len(at) :])
            placed.setdefault((violation.loc, violation.type, violation.msg), (place, violation))
    return tuple(violation for _, violation in sorted(placed.values(), key=lambda item: item[0]))


def leaves(errors: Iterable[Error]) -> Iterator[Error]:
    """Yield the errors that a reader can act on: of alternatives, those of the one that was meant."""
    for error in errors:
        if error.validator in ("anyOf", "oneOf") and error.context:
            yield from leaves(_meant(error))
        else:
            yield error


def explain_one(error: Error, loc: Location) -> tuple[Violation, ...]:
    """Return the violations in one error, one or more, of a value at `loc`."""
    return tuple(_violations(error, loc))


def _position(value: Any, path: Location) -> tuple[int, ...]:
    """Return a key that sorts as the file reads; what is missing comes first in its object, by schema order."""
    place = []
    for part in path:
        if isinstance(value, Mapping):
            keys = list(value)
            place.append(keys.index(part) + 1 if part in value else 0)
            value = value.get(part)
        else:
            place.append(int(part) + 1)
            value = value[int(part)]
    return tuple(place)


# --- alternatives ---


def _meant(error: Error) -> list[Error]:
    """Return the errors of the alternative that was meant; of all but null, where no alternative has the right type."""
    branches: dict[int, list[Error]] = {}
    for inner in error.context:
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    of_right_type = [errors for errors in branches.values() if not _is_other_type(errors)]
    if of_right_type:
        return min(of_right_type, key=_distance)
    return [inner for errors in _without_null(list(branches.values())) for inner in errors]


def _is_other_type(errors: Sequence[Error]) -> bool:
    return any(error.validator == "type" and not error.relative_path for error in errors)


def _distance(errors: Sequence[Error]) -> tuple[int, int]:
    """Return how far a value is from an alternative: first by marks such as a constant `type`, then by errors."""
    marks = sum(error.validator in ("const", "enum") and len(error.relative_path) <= 1 for error in errors)
    return marks, len(errors)


def _without_null(branches: list[list[Error]]) -> list[list[Error]]:
    kept = [errors for errors in branches if errors[0].validator_value != "null"]
    return kept or branches


# --- the words ---

Wording: TypeAlias = tuple[str, str, str, Mapping[str, Any]]  # type, message, what would be right, context

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


def _violations(error: Error, loc: Location) -> Iterator[Violation]:
    keyword, wanted, value = error.validator, error.validator_value, error.instance
    if keyword == "required":
        for name in wanted:
            if name not in value:
                yield Violation((*loc, name), "Field required", "missing", value, f"'{name}'")
    elif keyword == "additionalProperties" and wanted is False:
        for name in _extras(error):
            message = "Extra inputs are not permitted"
            yield Violation((*loc, name), message, "extra_forbidden", value[name], f"no '{name}'")
    elif keyword == "type":
        for kind, message, expected in _type_rows(error):
            yield Violation(loc, message, kind, value, expected)
    else:
        kind, message, expected, context = _WORDS.get(str(keyword), _fallback)(error)
        yield Violation(loc, message, kind, value, expected, context)


def _extras(error: Error) -> Iterator[str]:
    schema = error.schema if isinstance(error.schema, Mapping) else NOTHING
    patterns = schema.get("patternProperties", NOTHING)
    for name in error.instance:
        if name not in schema.get("properties", NOTHING) and not any(matches(each, name) for each in patterns):
            yield name


def _type_rows(error: Error) -> Iterator[tuple[str, str, str]]:
    wanted = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
    schema = error.schema if isinstance(error.schema, Mapping) else NOTHING
    for name in [name for name in wanted if name != "null"] or wanted:
        if name == "integer" and isinstance(error.instance, float):
            message = "Input should be a valid integer, got a number with a fractional part"
            yield "int_from_float", message, "a whole number"
        elif name == "object" and "properties" in schema:
            message = "Input should be a valid dictionary or object to extract fields from"
            yield "model_attributes_type", message, "a mapping"
        else:
            yield _TYPES[name]


def _listed(values: Sequence[Any]) -> str:
    texts = [repr(value) for value in values]
    return f"{', '.join(texts[:-1])} or {texts[-1]}" if len(texts) > 1 else "".join(texts)


def _enum(error: Error) -> Wording:
    listed = _listed([value for value in error.validator_value if value is not None] or error.validator_value)
    return "enum", f"Input should be {listed}", listed, {"expected": listed}


def _const(error: Error) -> Wording:
    expected = repr(error.validator_value)
    return "literal_error", f"Input should be {expected}", expected, {"expected": expected}


def _bound(kind: str, words: str, ours: str, name: str) -> Callable[[Error], Wording]:
    def told(error: Error) -> Wording:
        bound = error.validator_value
        return kind, f"Input should be {words} {bound}", f"{ours} {bound}", {name: bound}

    return told


def _length(kind: str, name: str, words: str) -> Callable[[Error], Wording]:
    def told(error: Error) -> Wording:
        bound = error.validator_value
        characters = "character" if bound == 1 else "characters"
        message = f"String should have {words} {bound} {characters}"
        return kind, message, f"{words} {bound} {characters}", {name: bound}

    return told


def _count(kind: str, name: str, words: str, collection: str) -> Callable[[Error], Wording]:
    def told(error: Error) -> Wording:
        bound, actual = error.validator_value, len(error.instance)
        items = "item" if bound == 1 else "items"
        message = f"{collection} should have {words} {bound} {items} after validation, not {actual}"
        context = {"field_type": collection, name: bound, "actual_length": actual}
        return kind, message, f"{words} {bound} {items}", context

    return told


def _pattern(error: Error) -> Wording:
    pattern = error.validator_value
    message = f"String should match pattern '{pattern}'"
    return "string_pattern_mismatch", message, f"a text that matches {pattern}", {"pattern": pattern}


def _format(error: Error) -> Wording:
    name = error.validator_value
    kind, message = _FORMATS.get(name, ("value_error", f"Value error, not in the format '{name}'"))
    return kind, message, f"a text in the format {name}", NOTHING


def _unique(error: Error) -> Wording:
    return "value_error", "Value error, the items should be unique", "items that all differ", NOTHING


def _one_of(error: Error) -> Wording:
    message = "Value error, Input should match exactly one of the alternatives, and matches several"
    return "value_error", message, "a value that fits one alternative only", NOTHING


def _forbidden(error: Error) -> Wording:
    return "value_error", "Value error, nothing is allowed here", "nothing", NOTHING


def _fallback(error: Error) -> Wording:
    return "value_error", f"Value error, {error.message}", f"a value that meets '{error.validator}'", NOTHING


_WORDS: Final[Mapping[str, Callable[[Error], Wording]]] = {
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
    "uniqueItems": _unique,
    "oneOf": _one_of,
    "None": _forbidden,
}
