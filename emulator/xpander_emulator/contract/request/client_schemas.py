"""The schema that a client sends with its request: its limits, and the value that is made of it.

A request whose schema is beyond the limits is refused. A schema within them that gives no value, because it is no
schema, leads to itself or costs too much, is left aside, and the reason is reported.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar

from xpander_emulator.common import budget, json_codec, json_pointers
from xpander_emulator.common.types import Json
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import values
from xpander_emulator.contract.schema import regex_size
from xpander_emulator.contract.schema.keywords import wrong_keyword
from xpander_emulator.contract.schema.regex_dialect import patterns_of
from xpander_emulator.contract.schema.schema_graph import (
    Circle,
    in_place_counts,
    quoted_place,
    reachable_schemas,
    target_of,
)
from xpander_emulator.contract.schema.validation import MAX_DEPTH, is_too_deep, schema_validator
from xpander_emulator.contract.schema.violations import Location, Violation
from xpander_emulator.errors import EmulatorError

# The property of a request that holds the schema.
NAME: Final = "output_schema"
MAX_BYTES: Final = 65_536
# Values of JSON in the schema, itself included: objects, lists, texts, numbers.
MAX_VALUES: Final = 5_000
# The largest `minItems`, `minProperties` and `minContains`.
MAX_ITEMS: Final = 1_000
# The largest `minLength`.
MAX_CHARACTERS: Final = 10_000
# Characters, classes and groups of all patterns together, each times the counted repeats around it.
MAX_REPEATS: Final = 10_000
# Schemas that may be applied to one value: more are too many alternatives to try.
MAX_APPLIED: Final = 2_000
# Steps of one value, of 2 to 10 µs each.
MAX_STEPS: Final = 8_000
_MAX_CACHED_REASONS: Final = 1_000
_MAX_CACHED_VALUES: Final = 256
_MAX_BYTES_OF_CACHED_VALUE: Final = 65_536
_MINIMA: Final = {
    "minItems": MAX_ITEMS, "minProperties": MAX_ITEMS, "minContains": MAX_ITEMS, "minLength": MAX_CHARACTERS,
}  # fmt: skip
# These change where a reference leads; the generator follows none of them.
_NOT_FOLLOWED: Final = ("$dynamicRef", "$recursiveRef")

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Cache(Generic[_Key, _Value]):
    """Values by their keys; the oldest one goes when there are more than `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[_Key, _Value] = OrderedDict()

    def get(self, key: _Key) -> _Value | None:
        return self._values.get(key)

    def put(self, key: _Key, value: _Value) -> _Value:
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value


class NoValue(EmulatorError):
    """No value is made of a client's schema; the message says why."""


# --- limits ---


def limit_violations_of_body(body: Json, at: Location) -> tuple[Violation, ...]:
    """Return the limits that the schema in the body of a start exceeds; `at` is the location of the body."""
    return limit_violations(body.get(NAME), (*at, NAME)) if isinstance(body, Mapping) and NAME in body else ()


def limit_violations(schema: Json, at: Location) -> tuple[Violation, ...]:
    """Return the limits that a client's schema exceeds; `at` is its location in the request."""
    if not isinstance(schema, Mapping):
        return ()
    size = _size_violation(schema, at)
    return (size,) if size is not None else tuple(_keyword_violations(schema, at))


def _size_violation(schema: Mapping[str, Any], at: Location) -> Violation | None:
    if is_too_deep(schema):
        return _excess(at, f"it is nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH} levels", "a schema")
    if _has_more_values(schema, MAX_VALUES):
        expected = f"at most {MAX_VALUES:,} values of JSON"
        return _excess(at, f"it has more than {MAX_VALUES:,} values of JSON", expected, "a schema")
    size = len(json_codec.dumps(schema))
    if size > MAX_BYTES:
        return _excess(at, f"it has {size:,} bytes", f"at most {MAX_BYTES:,} bytes", "a schema")
    return None


def _has_more_values(value: Json, most: int) -> bool:
    """Return whether there are more values of JSON than `most`, the outermost one included."""
    waiting, count = [value], 0
    while waiting and count <= most:
        part = waiting.pop()
        count += 1
        if isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return count > most


def _keyword_violations(schema: Mapping[str, Any], at: Location) -> Iterator[Violation]:
    left = MAX_REPEATS
    for path, part in reachable_schemas(schema, schema):
        if not isinstance(part, Mapping):
            continue
        for keyword, most in _MINIMA.items():
            least = part.get(keyword)
            if isinstance(least, int | float) and least > most:
                loc, message = (*at, *path, keyword), f"Input should be less than or equal to {most}"
                yield Violation(loc, message, "less_than_equal", least, f"at most {most}", {"le": most})
        for pattern in patterns_of(part):
            size = regex_size.size(pattern)
            left -= size
            if left < 0:
                is_own = pattern == part.get("pattern")
                keyword_path = ("pattern",) if is_own else ("patternProperties", pattern)
                count = f"{MAX_REPEATS - left:,}" if size < regex_size.TOO_LARGE else "more"
                suffix = "characters" if size < regex_size.TOO_LARGE else "characters than can be counted"
                expected = f"at most {MAX_REPEATS:,}, counted repeats written out,"
                yield _excess((*at, *path, *keyword_path), f"its patterns have {count} {suffix}", expected, pattern)
                return


def _excess(at: Location, problem: str, expected: str, value: Json) -> Violation:
    error = f"{problem}; {expected} are taken"
    return Violation(at, f"Value error, {error}", "value_error", value, expected, {"error": error})


# --- values ---


class ClientSchemas:
    """Makes values of the schemas that clients send, and caches them with the reasons for having none.

    contract: the document for the references of a schema that do not lead into the schema itself.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._unusable: _Cache[bytes, str] = _Cache(_MAX_CACHED_REASONS)
        self._reasons: _Cache[tuple[bytes, int], str] = _Cache(_MAX_CACHED_REASONS)
        self._values: _Cache[tuple[bytes, int], bytes] = _Cache(_MAX_CACHED_VALUES)

    def reason(self, schema: Json, key: int) -> str:
        """Return why a schema was left aside when `answer` was called with this key, or ""."""
        name = _digest(schema)
        unusable = self._unusable.get(name)
        if unusable is None:
            unusable = self._unusable.put(name, unusable_reason(self._contract, schema))
        return unusable or self._reasons.get((name, key)) or ""

    def answer(self, schema: Json, key: int, pointer: str, result: Json) -> Json:
        """Return the result if it satisfies the schema, else a value that does. Raises NoValue.

        key, pointer: decide the value.
        """
        reason = self.reason(schema, key)
        if reason:
            raise NoValue(reason)
        try:
            with budget.limited(MAX_STEPS):
                is_right = isinstance(result, Mapping | list) and self._is_valid(schema, result)
                return result if is_right else self._value(schema, key, pointer)
        except budget.TooCostly as error:
            reason = f"it costs too much: {error.message}"
        except EmulatorError as error:
            reason = error.message.removesuffix("; give the schema an example")
        raise NoValue(self._reasons.put((_digest(schema), key), reason))

    def _value(self, schema: Json, key: int, pointer: str) -> Json:
        name = _digest(schema), key
        cached = self._values.get(name)
        if cached is not None:
            return json_codec.loads(cached)
        value = values.generate_unchecked(self._contract, schema, key, pointer)
        encoded = json_codec.dumps(value)
        if len(encoded) <= _MAX_BYTES_OF_CACHED_VALUE:
            self._values.put(name, encoded)
        return value

    def _is_valid(self, schema: Json, value: Json) -> bool:
        # Importing it costs milliseconds, and few requests carry a schema.
        from referencing.exceptions import Unresolvable

        try:
            return bool(schema_validator(self._contract, schema).is_valid(value))
        except Unresolvable as error:
            raise NoValue(f"the reference '{error.ref}' leads nowhere; nothing is fetched") from None


def _digest(schema: Json) -> bytes:
    return blake2b(json_codec.dumps(schema), digest_size=16).digest()


def unusable_reason(contract: Contract, schema: Json) -> str:
    """Return why no value can be made of a client's schema, as far as the schema itself shows it, or ""."""
    if violations := limit_violations(schema, ()):
        message = violations[0].msg.removeprefix("Value error, ")
        return f"{quoted_place(violations[0].loc)} is beyond the bounds: {message}"
    is_alone = json_pointers.is_self_contained(schema)
    root = schema if is_alone else contract.document
    schemas = list(reachable_schemas(schema, root, MAX_VALUES))
    for path, part in schemas:
        wrong = wrong_keyword(part)
        if wrong is not None:
            return f"{quoted_place((*path, wrong) if wrong else path)} is not what JSON Schema takes there"
        if isinstance(part, bool):
            continue
        if word := _unfollowed_keyword(path, part):
            return f"{quoted_place((*path, word))} is not followed here"
        if not is_alone and not _leads_to_component(root, part):
            return f"the reference '{part['$ref']}' leads nowhere; nothing is fetched"
    if len(schemas) > MAX_VALUES:
        return f"it refers to more than {MAX_VALUES:,} schemas"
    try:
        count = max(in_place_counts(schemas, root))
    except Circle as circle:
        return str(circle)
    return f"{count:,} schemas would be applied to one value; {MAX_APPLIED:,} are" if count > MAX_APPLIED else ""


def _unfollowed_keyword(path: Location, schema: Mapping[str, Any]) -> str:
    """Return the keyword by which a reference leads elsewhere than the generator follows it, or ""."""
    if "$id" in schema and path:
        return "$id"
    reference = schema.get("$ref", "#")
    is_pointer = reference == "#" or reference.startswith("#/")
    # With an `$id` or an anchor, a schema may refer to itself in another way than by a pointer.
    if not is_pointer and ("$id" in schema or reference.startswith("#")):
        return "$ref"
    return next((word for word in _NOT_FOLLOWED if word in schema), "")


def _leads_to_component(document: Json, schema: Mapping[str, Any]) -> bool:
    """Return whether the local reference of a schema, if it has one, leads to one of the contract's schemas."""
    reference = schema.get("$ref", "")
    if not reference.startswith("#"):
        return True
    return reference.startswith("#/components/schemas/") and target_of(document, reference) is not None
