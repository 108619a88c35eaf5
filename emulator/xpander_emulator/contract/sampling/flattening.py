"""Flattening: a schema with its references, `allOf` and one branch of each alternative merged into it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from xpander_emulator.common import budget, json_pointers
from xpander_emulator.contract.sampling.attempts import BrokenReference, Choices, Position, SamplingFailed
from xpander_emulator.contract.sampling.merging import CONTAINS, DISCRIMINATED, Schema, merge

_MAX_PARTS: Final = 200
_ALTERNATIVES: Final = frozenset({"anyOf", "oneOf", "if", "then", "else"})


class Flattener:
    """Flattens the schemas whose references lead into one document."""

    def __init__(self, document: Any) -> None:
        self._document = document

    def flat(self, schema: Schema, position: Position, choices: Choices) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return the schema without references and alternatives, and the references so far. Raises SamplingFailed."""
        references = position.references
        flat: Mapping[str, Any] = {}
        waiting: list[Schema] = [schema]
        depended: set[str] = set()
        for _ in range(_MAX_PARTS):
            if not waiting:
                waiting = list(_dependent_schemas(flat, position, depended)) if "dependentSchemas" in flat else []
                if not waiting:
                    return _with_discriminator(flat, references[len(position.references) :]), references
            part = waiting.pop(0)
            if isinstance(part, bool):
                if not part:
                    raise SamplingFailed(position.pointer, "false")
                continue
            choices.read(part)
            budget.spend(1 + len(flat) // 4)
            keywords = dict(part)
            reference = keywords.pop("$ref", None)
            if isinstance(reference, str):
                references = (*references, reference)
                waiting.insert(0, self._target(reference, position))
            waiting += keywords.pop("allOf", ())
            if not _ALTERNATIVES.isdisjoint(keywords):
                waiting += _take_branches(keywords, choices, position._replace(references=references).is_deep)
            # A keyword beside a reference overrides the same keyword of its target.
            flat = merge(_with_contains(keywords), flat) if flat else _with_contains(keywords)
        raise SamplingFailed(position.pointer, "$ref")

    def _target(self, reference: str, position: Position) -> Schema:
        try:
            schema: Schema = json_pointers.look_up(self._document, json_pointers.from_reference(reference))
        except LookupError:
            raise BrokenReference(position.pointer) from None
        return schema


def _take_branches(keywords: dict[str, Any], choices: Choices, is_deep: bool) -> list[Schema]:
    """Remove the alternatives from the keywords of a schema; return one branch of each."""
    chosen: list[Schema] = []
    for keyword in ("anyOf", "oneOf"):
        branches = keywords.pop(keyword, None)
        if branches:
            branch = choices.pick(_likely_first(branches, is_deep))
            chosen += [branch, *_discriminated_branch(keywords.pop("discriminator", None), branch)]
    condition = keywords.pop("if", None)
    then, other = keywords.pop("then", None), keywords.pop("else", None)
    if condition is not None and (then is not None or other is not None):
        sides: list[list[Schema | None]] = [[condition, then], [{"not": condition}, other]]
        chosen += [side for side in choices.pick(sides) if side is not None]
    return chosen


def _likely_first(branches: Sequence[Schema], is_deep: bool) -> list[Schema]:
    """Return the branches with null last; at a deep position, with null first and references last."""
    nulls = [each for each in branches if isinstance(each, Mapping) and each.get("type") == "null"]
    others = [each for each in branches if each not in nulls]
    if not is_deep:
        return [*others, *nulls]
    return [*nulls, *sorted(others, key=lambda each: isinstance(each, Mapping) and "$ref" in each)]


def _dependent_schemas(flat: Mapping[str, Any], position: Position, done: set[str]) -> Iterator[Schema]:
    """Yield the schemas of `dependentSchemas` whose property is made, unless it is in `done`; add it there."""
    for name, schema in flat.get("dependentSchemas", {}).items():
        is_declared = name in flat.get("properties", ())
        is_made = name in flat.get("required", ()) or (is_declared and position.includes(flat, name))
        if is_made and name not in done:
            done.add(name)
            yield schema


def _with_contains(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with `contains` and its bounds in one keyword, so that two of them can be merged."""
    if "contains" not in schema:
        return schema
    contained = schema.pop("contains")
    least, most = schema.pop("minContains", 1), schema.pop("maxContains", None)
    return {**schema, CONTAINS: [(contained, int(least), most)]}


# --- discriminators ---


def _discriminated_branch(discriminator: Any, branch: Schema) -> list[Schema]:
    """Return the schema that a discriminator adds to a branch; none for a branch that is no reference."""
    reference = branch.get("$ref") if isinstance(branch, Mapping) else None
    if not isinstance(discriminator, Mapping) or not isinstance(reference, str):
        return []
    return [_discriminated(discriminator, reference)]


def _discriminated(discriminator: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """Return the schema that sets the property of a discriminator to the name of a schema (OpenAPI 3.1, 4.8.25)."""
    last = reference.rpartition("/")[2]
    mapping = discriminator.get("mapping", {})
    value = next((value for value, target in mapping.items() if target in (reference, last)), last)
    name = discriminator.get("propertyName", "")
    return {"properties": {name: {DISCRIMINATED: value}}, "required": [name]}


def _with_discriminator(flat: Mapping[str, Any], references: Sequence[str]) -> Mapping[str, Any]:
    """Return the schema with the property of its discriminator set to the component that was referred to first."""
    discriminator = flat.get("discriminator")
    if not isinstance(discriminator, Mapping):
        return flat
    component = next((each for each in references if each.startswith("#/components/schemas/")), None)
    if component is None or discriminator.get("propertyName") not in flat.get("properties", ()):
        return flat
    return merge(flat, _discriminated(discriminator, component))
