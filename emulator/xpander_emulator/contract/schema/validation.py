"""Validation: whether a value satisfies a schema of a contract, and if not, its violations.

jsonschema decides. jsonschema-rs, where it is installed, may only say "valid" sooner.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from xpander_emulator.common import budget, json_pointers
from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.model import URI, Contract
from xpander_emulator.contract.schema.formats import CHECKS
from xpander_emulator.contract.schema.unevaluated import unevaluated_items, unevaluated_properties
from xpander_emulator.contract.schema.violations import Location, Violation, explain, undeclared_names

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from referencing import Registry

Judge: TypeAlias = Callable[[Any], bool]

# jsonschema-rs checks date-time itself in a tenth of the time that a call into Python takes, and as strictly.
_OWN_FORMATS: Final = {name: check for name, check in CHECKS.items() if name != "date-time"}

# jsonschema goes about ten frames deeper with each level of a recursive schema; Python allows 1,000.
MAX_DEPTH: Final = 64


def is_too_deep(value: Any, depth: int = MAX_DEPTH) -> bool:
    """Return whether lists and mappings are nested deeper than `depth` levels."""
    level = [value]
    for _ in range(depth):
        nodes = [node for node in level if isinstance(node, dict | list)]
        level = [child for node in nodes for child in (node.values() if isinstance(node, dict) else node)]
        if not level:
            return False
    return any(isinstance(node, dict | list) for node in level)


def judge(contract: Contract, pointer: str, *, strict: bool = False) -> Judge:
    """Return a function that says whether a value satisfies the schema at `pointer`; built once for a contract.

    strict: by jsonschema alone. The function raises Unresolvable for a broken reference in the schema.
    """
    return contract.derived(_Validators).judge(pointer, strict)


def find_violations(contract: Contract, pointer: str, value: Any, at: Location) -> tuple[Violation, ...]:
    """Return the violations of the schema at `pointer` by `value`, in document order; empty for a valid one.

    at: the location of the value in the message, such as ("body",).
    """
    return explain(contract.derived(_Validators).at(pointer).iter_errors(value), value, at)


class _Validators:
    """The validators of one contract, each built when it is first needed: building one costs milliseconds."""

    def __init__(self, contract: Contract) -> None:
        self._document = contract.document
        self._judges: dict[tuple[str, bool], Judge] = {}
        self._by_pointer: dict[str, Draft202012Validator] = {}

    def judge(self, pointer: str, strict: bool) -> Judge:
        key = (pointer, strict)
        if key not in self._judges:
            quick = None if strict else self._quick(pointer)
            self._judges[key] = self._slow(pointer) if quick is None else _either(quick, self._slow(pointer))
        return self._judges[key]

    def at(self, pointer: str) -> "Draft202012Validator":
        if pointer not in self._by_pointer:
            self._by_pointer[pointer] = self.new(_reference(pointer))
        return self._by_pointer[pointer]

    def new(self, schema: Mapping[str, Any] | bool, **options: Any) -> "Draft202012Validator":
        """Return a validator for a schema whose local references lead into the schema itself."""
        return _validator_class()(schema, registry=self._registry, format_checker=_format_checker(), **options)

    def part(self, schema: Mapping[str, Any] | bool) -> "Draft202012Validator":
        """Return a validator for a schema whose local references lead into the document."""
        # jsonschema has no public argument for the base URI of a schema.
        return self.new(schema, _resolver=self._registry.resolver(URI))

    def _slow(self, pointer: str) -> Judge:
        return lambda value: bool(self.at(pointer).is_valid(value))

    def _quick(self, pointer: str) -> Judge | None:
        """Return jsonschema-rs's validator, or None where it is not installed or refuses the schema."""
        try:
            import jsonschema_rs
        except ImportError:
            return None
        try:
            validator = jsonschema_rs.Draft202012Validator(
                _reference(pointer), registry=self._quick_registry, validate_formats=True, formats=_OWN_FORMATS
            )
        except (ValueError, jsonschema_rs.ReferencingError):
            # Its engine knows fewer patterns, for one.
            return None
        return validator.is_valid

    @cached_property
    def _quick_registry(self) -> Any:
        import jsonschema_rs

        return jsonschema_rs.Registry([(URI, dict(self._document))])

    @cached_property
    def _registry(self) -> "Registry[Any]":
        """The document as `urn:openapi`, for validators with `{"$ref": "urn:openapi#/…"}`."""
        # Importing it costs 28 ms, which a command that only lists operations should not pay.
        from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # jsonschema's metaschemas
        from referencing.jsonschema import DRAFT202012

        registry: Registry[Any] = REGISTRY.with_resource(URI, DRAFT202012.create_resource(self._document))
        return registry


def _either(quick: Judge, slow: Judge) -> Judge:
    return lambda value: quick(value) or slow(value)


def _reference(pointer: str) -> dict[str, Any]:
    return {"$ref": URI + json_pointers.as_fragment(pointer)}


@cache
def _validator_class() -> "type[Draft202012Validator]":
    """Return jsonschema's validator with patterns that have a time limit, and with keywords that spend the budget."""
    from attrs import fields
    from jsonschema import Draft202012Validator, validators

    own = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "unevaluatedProperties": unevaluated_properties,
        "unevaluatedItems": unevaluated_items,
    }
    counted = {word: _counted(check) for word, check in {**Draft202012Validator.VALIDATORS, **own}.items()}
    cls: type[Draft202012Validator] = validators.extend(Draft202012Validator, counted)  # type: ignore[no-untyped-call]
    names = [(each.name, each.alias) for each in fields(cls) if each.init]  # type: ignore[arg-type]

    def evolve(self: Any, **changes: Any) -> Any:
        return cls(**{alias: getattr(self, name) for name, alias in names} | changes)

    # jsonschema's own takes another validator, without these keywords, for a schema with another `$schema`.
    cls.evolve = evolve  # type: ignore[method-assign]
    return cls


def _counted(check: Callable[..., Iterable[Any] | None]) -> Callable[..., Iterator[Any]]:
    """Return a keyword's check that spends steps of the budget, if one is set."""

    def counted(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
        with budget.nested():
            if isinstance(rule, list):
                budget.spend(len(rule) // 16)
            if isinstance(value, list) and rule is True:
                # `uniqueItems` compares every item with every other.
                budget.spend(len(value) ** 2 // 32)
            yield from check(validator, rule, value, schema) or ()

    return counted


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(value, str) and not matches(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, value: Any, schema: Any) -> Iterator[Any]:
    for pattern, part in patterns.items() if isinstance(value, dict) else ():
        for name, each in value.items():
            if matches(pattern, name):
                yield from validator.descend(each, part, path=name, schema_path=pattern)


def _additional_properties(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    names = list(undeclared_names(schema, value)) if isinstance(value, dict) else []
    if rule is False and names:
        yield ValidationError(f"Additional properties are not allowed ({', '.join(map(repr, names))})")
    elif isinstance(rule, dict):
        for name in names:
            yield from validator.descend(value[name], rule, path=name)


def schema_validator(contract: Contract, schema: Mapping[str, Any] | bool) -> "Draft202012Validator":
    """Return a validator for a schema that may stand outside the contract, whose references lead into it."""
    validators = contract.derived(_Validators)
    return validators.new(schema) if json_pointers.is_self_contained(schema) else validators.part(schema)


def part_validator(contract: Contract, schema: Mapping[str, Any] | bool) -> "Draft202012Validator":
    """Return a validator for a part of a contract's document, whose references lead into the document."""
    return contract.derived(_Validators).part(schema)


def find_schema_violations(schema: Any) -> tuple[Violation, ...]:
    """Return what keeps a schema from being valid JSON Schema 2020-12, regular expressions included."""
    quick = _quick_metaschema()
    if quick is not None and quick(schema):
        return ()
    return explain(_metaschema().iter_errors(schema), schema, ())


@cache
def _quick_metaschema() -> Judge | None:
    try:
        import jsonschema_rs
    except ImportError:
        return None
    metaschema = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
    return jsonschema_rs.Draft202012Validator(metaschema, validate_formats=True, formats=dict(CHECKS)).is_valid


@cache
def _metaschema() -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=_format_checker())


@cache
def _format_checker() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, check in CHECKS.items():
        checker.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))
    return checker
