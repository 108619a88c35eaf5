"""Values made from a schema: the same key gives the same value, and each satisfies its schema.

Every part is keyed by its JSON Pointer, so that a further property leaves the others as they were.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling.flattening import Exhausted, Spent, Unsatisfied
from xpander_emulator.contract.sampling.generator import Generator
from xpander_emulator.contract.schema.schema_graph import Circle, in_place_counts, reachable_schemas
from xpander_emulator.contract.schema.validation import find_schema_violations, judge, schema_validator
from xpander_emulator.errors import EmulatorError

# Of so many schemas it is remembered that they have no value, so that the next request is refused at once.
_MOST_UNMADE: Final = 1_000


def generate(contract: Contract, schema: Mapping[str, Any] | bool, key: int, pointer: str = "") -> Any:
    """Return a value of `schema`, whose references lead into the contract (or into its own `$defs`).

    pointer: where the value will stand; its last part is the name by which a plain text is chosen.
    Fastest for a schema that is nothing but a `$ref`.

    Raises EmulatorError, naming place and keyword, when no value is found or the schema is none.
    """
    if _reference(schema) is None:
        for fault in find_schema_violations(schema):
            raise EmulatorError(f"no JSON Schema: {fault.expected} was expected at '{json_pointers.join(*fault.loc)}'")
        if json_pointers.is_self_contained(schema):
            _refuse_circles(schema)
    return generate_unchecked(contract, schema, key, pointer)


def _refuse_circles(schema: Any) -> None:
    try:
        deque(in_place_counts(reachable_schemas(schema, schema), schema), maxlen=0)
    except Circle as circle:
        raise EmulatorError(f"no value could be made: {circle}") from None


def generate_unchecked(contract: Contract, schema: Mapping[str, Any] | bool, key: int, pointer: str) -> Any:
    """Return a value of a schema that is known to be one. Raises EmulatorError as `generate` does."""
    unmade = contract.derived(_unmade)
    reference = _reference(schema)
    if reference in unmade:
        raise EmulatorError(unmade[reference])
    found = _attempt(contract, schema, key, pointer)
    if not isinstance(found, Unsatisfied):
        return found
    # It may be bad luck, as with a pattern that is hard to meet; whether another key has more is the same for all.
    again = _attempt(contract, schema, 0, pointer)
    if not isinstance(again, Unsatisfied):
        return again
    message = _told(found)
    if reference is not None and len(unmade) < _MOST_UNMADE:
        unmade[reference] = message
    raise EmulatorError(message)


def _unmade(contract: Contract) -> dict[str | None, str]:
    """Return why no value could be made, by the reference of the schema."""
    return {}


def _told(fault: Unsatisfied) -> str:
    place = fault.pointer or "the whole value"
    pattern = f" ({fault.pattern})" if fault.pattern else ""
    return f"no value could be made for {place}: '{fault.keyword}' was not met{pattern}; give the schema an example"


def _attempt(contract: Contract, schema: Mapping[str, Any] | bool, key: int, pointer: str) -> Any:
    """Return a value, or what kept it from being made."""
    fault = Unsatisfied(pointer, "false")
    # The careful way costs ten times as much, and the other one nearly always does.
    for careful in (False, True):
        try:
            value = Generator(contract, schema, careful=careful).value(schema, key, pointer)
        except Unsatisfied as unmet:
            # One without keyword says that whatever was made did not do, one of exhaustion where it came to its end;
            # the first value's fault says more.
            fault = fault if careful and (isinstance(unmet, Exhausted) or not unmet.keyword) else unmet
            if isinstance(unmet, Exhausted) and not isinstance(unmet, Spent):
                break
            continue
        keyword = _unmet(contract, schema, value, pointer)
        if keyword is None:
            return value
        fault = keyword
    return fault


def _unmet(contract: Contract, schema: Mapping[str, Any] | bool, value: Any, pointer: str) -> Unsatisfied | None:
    """Return what keeps `value` from satisfying `schema`, or None."""
    # Where a reference leads nowhere the generator has said so; only a validator can be led there otherwise.
    from referencing.exceptions import Unresolvable

    reference = _reference(schema)
    try:
        if reference is not None and judge(contract, json_pointers.from_reference(reference))(value):
            return None
        error = next(schema_validator(contract, schema).iter_errors(value), None)
    except Unresolvable:
        return Unsatisfied(pointer, "$ref")
    if error is None:
        return None
    return Unsatisfied(pointer + json_pointers.join(*error.absolute_path), str(error.validator))


def _reference(schema: Mapping[str, Any] | bool) -> str | None:
    """Return the reference of a schema that is nothing else, or None."""
    found = schema.get("$ref") if isinstance(schema, Mapping) and len(schema) == 1 else None
    return found if isinstance(found, str) and found.startswith("#/") else None
