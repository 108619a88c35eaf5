"""Values made from a schema: the same key gives the same value, and each value satisfies its schema.

Each part is keyed by its JSON Pointer, so that a new property leaves the others as they were.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling.attempts import BrokenReference, LimitReached, SamplingFailed, TooManyFailures
from xpander_emulator.contract.sampling.generator import Generator
from xpander_emulator.contract.schema.schema_graph import Circle, in_place_counts, reachable_schemas
from xpander_emulator.contract.schema.validation import find_schema_violations, judge, schema_validator
from xpander_emulator.errors import EmulatorError

# Schemas for which the failure is cached, so that the next request is refused at once.
_MAX_CACHED_FAILURES: Final = 1_000


def generate(contract: Contract, schema: Mapping[str, Any] | bool, key: int, pointer: str = "") -> Any:
    """Return a value of `schema`, whose references lead into the contract (or into its own `$defs`).

    pointer: where the value will stand; its last part is the name by which a plain text is chosen.
    Fastest for a schema that is nothing but a reference.

    Raises EmulatorError, naming place and keyword, for a schema without a value and for what is no schema.
    """
    if json_pointers.bare_pointer(schema) is None:
        for violation in find_schema_violations(schema):
            place = json_pointers.join(*violation.loc)
            raise EmulatorError(f"no JSON Schema: {violation.expected} was expected at '{place}'")
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
    failures = contract.derived(_failures)
    target = json_pointers.bare_pointer(schema)
    if target in failures:
        raise EmulatorError(failures[target])
    value = _value_or_failure(contract, schema, key, pointer)
    if not isinstance(value, SamplingFailed):
        return value
    # A pattern may be hard to match by chance; the result of key 0 is the same for all keys.
    second = _value_or_failure(contract, schema, 0, pointer)
    if not isinstance(second, SamplingFailed):
        return second
    message = _message(value)
    if target is not None and len(failures) < _MAX_CACHED_FAILURES:
        failures[target] = message
    raise EmulatorError(message)


def _failures(contract: Contract) -> dict[str | None, str]:
    """Return the cached messages of failures, by the pointer of the schema."""
    return {}


def _message(failure: SamplingFailed) -> str:
    place = failure.pointer or "the whole value"
    pattern = f" ({failure.pattern})" if failure.pattern else ""
    return f"no value could be made for {place}: '{failure.keyword}' was not met{pattern}; give the schema an example"


def _value_or_failure(contract: Contract, schema: Mapping[str, Any] | bool, key: int, pointer: str) -> Any:
    failure = SamplingFailed(pointer, "false")
    # The careful attempt costs ten times as much, and is seldom needed.
    for careful in (False, True):
        try:
            value = Generator(contract, schema, careful=careful).value(schema, key, pointer)
        except SamplingFailed as error:
            # The failure of the first attempt says more than one without keyword, or one that ended at a limit.
            if not careful or (error.keyword and not isinstance(error, LimitReached)):
                failure = error
            if isinstance(error, LimitReached) and not isinstance(error, TooManyFailures):
                break
            continue
        broken = _broken_by(contract, schema, value, pointer)
        if broken is None:
            return value
        failure = broken
    return failure


def _broken_by(contract: Contract, schema: Mapping[str, Any] | bool, value: Any, pointer: str) -> SamplingFailed | None:
    """Return the failure of a value that breaks its schema, or None for a valid one."""
    # The generator has reported each broken reference that it followed; the validator may follow others.
    from referencing.exceptions import Unresolvable

    target = json_pointers.bare_pointer(schema)
    try:
        if target is not None and judge(contract, target)(value):
            return None
        error = next(schema_validator(contract, schema).iter_errors(value), None)
    except Unresolvable:
        return BrokenReference(pointer)
    if error is None:
        return None
    return SamplingFailed(pointer + json_pointers.join(*error.absolute_path), str(error.validator))
