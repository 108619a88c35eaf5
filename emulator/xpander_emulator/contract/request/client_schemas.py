"""The schema that a client sends with its request: how large it may be, and whether a value can be made of it.

A request with a schema beyond these bounds is refused. One that is within them and yet cannot be answered, because it
is no schema, leads to itself or costs too much, is played as if it had none; the reason is told.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar

from xpander_emulator.common import budget, json_codec, json_pointers
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import values
from xpander_emulator.contract.schema import regex_size
from xpander_emulator.contract.schema.keywords import wrong_keyword
from xpander_emulator.contract.schema.regex_dialect import patterns_of
from xpander_emulator.contract.schema.schema_graph import (
    Circle,
    in_place_counts,
    in_words,
    quoted_place,
    reachable_schemas,
    target,
)
from xpander_emulator.contract.schema.validation import MAX_DEPTH, is_too_deep, schema_validator
from xpander_emulator.contract.schema.violations import Location, Violation
from xpander_emulator.errors import EmulatorError

# Under which name a client sends it.
NAME: Final = "output_schema"
MAX_BYTES: Final = 65_536
# Values of JSON in the schema, itself included: objects, lists, texts, numbers.
MAX_VALUES: Final = 5_000
# The most that `minItems`, `minProperties` and `minContains` may ask for.
MAX_ITEMS: Final = 1_000
# The most that `minLength` may ask for.
MAX_CHARACTERS: Final = 10_000
# Characters, classes and groups of all patterns together, each times the counted repeats around it.
MAX_REPEATS: Final = 10_000
# How many schemas may be applied to one value: more are too many alternatives to try.
MAX_APPLIED: Final = 2_000
# So many reasons are stored, and so many values of at most so many bytes.
_MOST_REASONS: Final = 1_000
_MOST_MADE: Final = 256
_MOST_OF_ONE: Final = 65_536
# Steps of one value, of 2 to 10 µs each.
MAX_STEPS: Final = 8_000
_LEAST: Final = {
    "minItems": MAX_ITEMS, "minProperties": MAX_ITEMS, "minContains": MAX_ITEMS, "minLength": MAX_CHARACTERS,
}  # fmt: skip
_ENDLESS: Final = "its patterns have more characters than can be counted"
# What would change where a reference leads; the generator follows none of them.
_NOT_FOLLOWED: Final = ("$dynamicRef", "$recursiveRef")


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Cache(Generic[_Key, _Value]):
    """Values by their keys; the oldest one goes where there are too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[_Key, _Value] = OrderedDict()

    def get(self, key: _Key) -> _Value | None:
        """Return a value, or None."""
        return self._values.get(key)

    def put(self, key: _Key, value: _Value) -> _Value:
        """Store a value, and return it."""
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value


class NoValue(EmulatorError):
    """No value is made of a client's schema; the message says why."""


# --- what is refused ---


def limit_violations_of_body(body: Any, at: Location) -> tuple[Violation, ...]:
    """Return in what the schema in the body of a start, which stands at `at`, is larger than the bounds."""
    return limit_violations(body.get(NAME), (*at, NAME)) if isinstance(body, Mapping) and NAME in body else ()


def limit_violations(schema: Any, at: Location) -> tuple[Violation, ...]:
    """Return in what a client's schema is larger than the bounds.

    at: where it stands in the request.
    """
    if not isinstance(schema, Mapping):
        return ()
    whole = _excess_of_whole(schema, at)
    return whole or tuple(_excess_of_parts(schema, at))


def _excess_of_whole(schema: Mapping[str, Any], at: Location) -> tuple[Violation, ...]:
    if is_too_deep(schema):
        return (
            _too_much(at, f"it is nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH} levels", "a schema"),
        )
    count = _values_in(schema, MAX_VALUES)
    if count > MAX_VALUES:
        wanted = f"at most {MAX_VALUES:,} values of JSON"
        return (_too_much(at, f"it has more than {MAX_VALUES:,} values of JSON", wanted, "a schema"),)
    size = len(json_codec.dumps(schema))
    if size > MAX_BYTES:
        return (_too_much(at, f"it has {size:,} bytes", f"at most {MAX_BYTES:,} bytes", "a schema"),)
    return ()


def _values_in(value: Any, most: int) -> int:
    """Return how many values of JSON there are, itself included, or more than `most` as soon as there are."""
    waiting, count = [value], 0
    while waiting and count <= most:
        part = waiting.pop()
        count += 1
        if isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return count


def _excess_of_parts(schema: Mapping[str, Any], at: Location) -> Iterator[Violation]:
    left = MAX_REPEATS
    for path, part in reachable_schemas(schema, schema):
        if not isinstance(part, Mapping):
            continue
        for keyword, most in _LEAST.items():
            least = part.get(keyword)
            if isinstance(least, int | float) and least > most:
                message = f"Input should be less than or equal to {most}"
                yield Violation(
                    (*at, *path, keyword), message, "less_than_equal", least, f"at most {most}", {"le": most}
                )
        for within, pattern in _patterns_in(part):
            size = regex_size.size(pattern)
            left -= size
            if left < 0:
                found = (
                    f"its patterns have {MAX_REPEATS - left:,} characters" if size < regex_size.TOO_LARGE else _ENDLESS
                )
                wanted = f"at most {MAX_REPEATS:,}, counted repeats written out,"
                yield _too_much((*at, *path, *within), found, wanted, pattern)
                return


def _patterns_in(schema: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    for pattern in patterns_of(schema):
        own = pattern == schema.get("pattern")
        yield ("pattern",) if own else ("patternProperties", pattern), pattern


def _too_much(at: Location, found: str, wanted: str, given: Any) -> Violation:
    error = f"{found}; {wanted} are taken"
    return Violation(at, f"Value error, {error}", "value_error", given, wanted, {"error": error})


# --- what is made of it ---


class ClientSchemas:
    """Answers with the schemas that clients send; what was found out about one is stored.

    contract: to which the references of a schema lead that does not have them itself.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._objections: Cache[bytes, str] = Cache(_MOST_REASONS)
        self._reasons: Cache[tuple[bytes, int], str] = Cache(_MOST_REASONS)
        self._made: Cache[tuple[bytes, int], bytes] = Cache(_MOST_MADE)

    def unusable_reason(self, schema: Any) -> str:
        """Return why no value is made of a schema, as far as the schema itself shows it; "" where one may be."""
        name = _digest(schema)
        found = self._objections.get(name)
        return self._objections.put(name, unusable_reason(self._contract, schema)) if found is None else found

    def reason(self, schema: Any, key: int) -> str:
        """Return why a schema was left aside where a value was asked for with this key, or ""."""
        return self.unusable_reason(schema) or self._reasons.get((_digest(schema), key)) or ""

    def answer(self, schema: Any, key: int, pointer: str, result: Any) -> Any:
        """Return the result where it satisfies the schema, else a value that does. Raises NoValue, with the reason.

        key, pointer: decide the value.
        """
        reason = self.reason(schema, key)
        if reason:
            raise NoValue(reason)
        try:
            with budget.limited(MAX_STEPS):
                is_right = isinstance(result, Mapping | list) and self._is_met(schema, result)
                return result if is_right else self._value(schema, key, pointer)
        except budget.TooCostly as error:
            reason = f"it costs too much: {error.message}"
        except EmulatorError as error:
            reason = error.message.removesuffix("; give the schema an example")
        self._reasons.put((_digest(schema), key), reason)
        raise NoValue(reason)

    def _value(self, schema: Any, key: int, pointer: str) -> Any:
        name = _digest(schema), key
        made = self._made.get(name)
        if made is not None:
            return json_codec.loads(made)
        value = values.generate_unchecked(self._contract, schema, key, pointer)
        encoded = json_codec.dumps(value)
        if len(encoded) <= _MOST_OF_ONE:
            self._made.put(name, encoded)
        return value

    def _is_met(self, schema: Any, value: Any) -> bool:
        # Importing it costs milliseconds, and few requests carry a schema.
        from referencing.exceptions import Unresolvable

        try:
            return bool(schema_validator(self._contract, schema).is_valid(value))
        except Unresolvable as error:
            raise NoValue(f"the reference '{error.ref}' leads nowhere; nothing is fetched") from None


def _digest(schema: Any) -> bytes:
    return blake2b(json_codec.dumps(schema), digest_size=16).digest()


def unusable_reason(contract: Contract, schema: Any) -> str:
    """Return why no value is made of a client's schema, as far as the schema shows it; "" where one may be."""
    beyond = limit_violations(schema, ())
    if beyond:
        return f"{quoted_place(beyond[0].loc)} is beyond the bounds: {beyond[0].msg.removeprefix('Value error, ')}"
    root = schema if json_pointers.is_self_contained(schema) else contract.document
    spots = list(reachable_schemas(schema, root, MAX_VALUES))
    for path, part in spots:
        wrong = wrong_keyword(part)
        if wrong is not None:
            return f"{quoted_place((*path, wrong) if wrong else path)} is not what JSON Schema takes there"
        if isinstance(part, Mapping) and (word := _unfollowed(path, part)):
            return f"{quoted_place((*path, word))} is not followed here"
        if root is not schema and (lost := _lost(root, part)):
            return f"the reference '{lost}' leads nowhere; nothing is fetched"
    if len(spots) > MAX_VALUES:
        return f"it refers to more than {MAX_VALUES:,} schemas"
    try:
        heaviest = max(in_place_counts(spots, root))
    except Circle as circle:
        return in_words(circle)
    return f"{heaviest:,} schemas would be applied to one value; {MAX_APPLIED:,} are" if heaviest > MAX_APPLIED else ""


def _lost(document: Any, schema: Any) -> str:
    """Return the reference of a schema where it does not lead to one of the contract's schemas, or ""."""
    reference = str(schema.get("$ref", "")) if isinstance(schema, Mapping) else ""
    if not reference.startswith("#"):
        return ""
    is_known = reference.startswith("#/components/schemas/") and target(document, reference) is not None
    return "" if is_known else reference


def _unfollowed(path: Location, schema: Mapping[str, Any]) -> str:
    """Return the keyword that would lead a reference elsewhere than the generator follows it, or ""."""
    if "$id" in schema and path:
        return "$id"
    reference = schema.get("$ref", "#")
    # With an address of its own, or an anchor, a schema may refer to itself in another way than by a pointer.
    if not reference.startswith("#/") and reference != "#" and ("$id" in schema or reference.startswith("#")):
        return "$ref"
    return next((word for word in _NOT_FOLLOWED if word in schema), "")
