"""Numbers within the bounds of a schema."""

import math
import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

_TRIES: Final = 30
_SPAN: Final = 1000


def number(schema: Mapping[str, Any], rng: random.Random, *, whole: bool) -> int | float | None:
    """Return a number that satisfies bounds and `multipleOf`, or None when none is found, as beyond a double."""
    try:
        return _number(schema, rng, whole=whole)
    except OverflowError:
        return None


def _number(schema: Mapping[str, Any], rng: random.Random, *, whole: bool) -> int | float | None:
    low, high = _bounds(schema)
    step = _fraction(schema["multipleOf"]) if "multipleOf" in schema else Fraction(1, 1 if whole else 100)
    if whole:
        # The multiples of 3/2 that are whole are those of 3.
        step = Fraction(step.numerator)
    first, last = math.ceil(low / step), math.floor(high / step)
    for _ in range(_TRIES if first <= last else 0):
        exact = rng.randint(first, last) * step
        value = int(exact) if whole else float(exact)
        if _is_inside(schema, exact) and _is_multiple(schema, value):
            return value
    between = (low + high) / 2
    if whole or "multipleOf" in schema or not _is_inside(schema, between):
        return None
    return float(between)


def _fraction(value: float) -> Fraction:
    # 0.1 should be a tenth, not the double nearest to it.
    return Fraction(str(value))


def _bounds(schema: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
    lows = [_fraction(schema[name]) for name in ("minimum", "exclusiveMinimum") if name in schema]
    highs = [_fraction(schema[name]) for name in ("maximum", "exclusiveMaximum") if name in schema]
    span = max(Fraction(_SPAN), 10 * _fraction(schema.get("multipleOf", 0)))
    if lows:
        return max(lows), min(highs) if highs else max(lows) + span
    if highs:
        return min(Fraction(0), min(highs) - span), min(highs)
    return Fraction(0), span


def _is_multiple(schema: Mapping[str, Any], value: float) -> bool:
    """Return whether a number is a multiple of `multipleOf` in floating point too, where 0.07 is not one of 0.01."""
    quotient = value / schema.get("multipleOf", 1) if isinstance(schema.get("multipleOf"), float) else 0.0
    return quotient.is_integer()


def _is_inside(schema: Mapping[str, Any], value: Fraction) -> bool:
    return (
        ("minimum" not in schema or value >= _fraction(schema["minimum"]))
        and ("exclusiveMinimum" not in schema or value > _fraction(schema["exclusiveMinimum"]))
        and ("maximum" not in schema or value <= _fraction(schema["maximum"]))
        and ("exclusiveMaximum" not in schema or value < _fraction(schema["exclusiveMaximum"]))
    )
