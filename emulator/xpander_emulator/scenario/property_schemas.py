"""Property schemas: the contract's rules for the properties of a task and of a start, checked against values.

The schemas, the validators and the choice among alternatives are those by which the server checks its own responses.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from xpander_emulator.common.types import DocPath
from xpander_emulator.contract.extension.property_names import task_pointer
from xpander_emulator.contract.extension.start_operation import request_schema
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.completion import Completion, completion
from xpander_emulator.contract.schema.read_write_only import for_requests, for_responses
from xpander_emulator.contract.schema.reader import Branches, SchemaView
from xpander_emulator.contract.schema.validation import part_validator
from xpander_emulator.contract.schema.violations import Error, explain_one, leaves
from xpander_emulator.errors import did_you_mean

Problem = tuple[DocPath, str]


class Placeholder(str):
    """A part of a value that is known only when a task is rendered."""

    __slots__ = ()


class TextPlaceholder(Placeholder):
    """A placeholder whose value will certainly be text."""

    __slots__ = ()


class PropertyRules:
    """The properties of one schema, with a validator for each, which is built when it is first needed."""

    def __init__(self, contract: Contract, view: SchemaView) -> None:
        self.properties: Mapping[str, SchemaView] = view.properties_of(Branches.FIRST)
        self._contract = contract
        self._checks: dict[str, tuple[Completion, Any]] = {}

    def problems(self, name: str, value: Any) -> list[Problem]:
        """Return the mistakes in the value of a property: the path inside it, and a message for each.

        The value is completed first, as the server does before it responds.
        """
        view = self.properties[name]
        if name not in self._checks:
            self._checks[name] = completion(self._contract, view), part_validator(self._contract, view.schema)
        complete, validator = self._checks[name]
        errors = (error for error in validator.iter_errors(complete(value)) if not _is_open(error))
        broken = [_problem(leaf, name, value) for error in errors for leaf in leaves([error]) if not _is_open(leaf)]
        return list(dict.fromkeys([*broken, *_unknown_keys(view, value, (), name)]))


def task_rules(contract: Contract) -> PropertyRules | None:
    """Return the rules of the task in the responses of the operation whose action is `read`."""
    return _rules(for_responses(contract), task_pointer(contract))


def request_rules(contract: Contract) -> PropertyRules | None:
    """Return the rules of the body in the requests of the operation whose action is `start`."""
    return _rules(for_requests(contract), request_schema(contract))


def _rules(contract: Contract, pointer: str | None) -> PropertyRules | None:
    if pointer is None:
        return None
    return PropertyRules(contract, SchemaView.of_pointer(contract.document, pointer))


def shown(value: Any) -> str:
    """Return a value as a message shows it: text in quotes, anything else as JSON, in 60 characters at most."""
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _is_open(error: Error) -> bool:
    """Return whether an error is only about placeholders, whose values nobody can know yet."""
    if isinstance(error.instance, Placeholder) and not isinstance(error.instance, TextPlaceholder):
        return True
    if error.context:
        branches: dict[Any, list[Error]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        return any(all(map(_is_open, branch)) for branch in branches.values())
    return isinstance(error.instance, TextPlaceholder) and error.validator != "type"


def _problem(error: Error, name: str, value: Any) -> Problem:
    violations = tuple(explain_one(error, tuple(error.absolute_path)))
    path, first = violations[0].loc, violations[0]
    place = _place(name, path[:-1])
    if first.type == "extra_forbidden":
        return path, _unknown(place, str(path[-1]), list(error.schema.get("properties", {})))
    if first.type == "missing" or not _is_written(value, path):
        return path[:-1], f"'{place}' lacks '{path[-1]}'; the contract requires it"
    expected = " or ".join(dict.fromkeys(each.expected for each in violations))
    hint = ""
    if first.type == "enum":
        hint = did_you_mean(str(error.instance), [str(item) for item in error.validator_value])
    elif first.type == "string_type" and isinstance(error.instance, int | float):
        hint = f'; write "{shown(error.instance)}" in quotes'
    return path, f"'{_place(name, path)}' takes {expected}, found {shown(error.instance)}{hint}"


def _is_written(value: Any, path: DocPath) -> bool:
    """Return whether a value has something at a path before it is completed."""
    for part in path:
        if not isinstance(value, Mapping | list) or (isinstance(value, Mapping) and part not in value):
            return False
        value = value[part]  # type: ignore[index]
    return True


def _place(name: str, path: DocPath) -> str:
    return reduce(lambda place, part: f"{place}[{part}]" if isinstance(part, int) else f"{place}.{part}", path, name)


def _unknown_keys(view: SchemaView, value: Any, path: DocPath, name: str) -> Iterator[Problem]:
    """Yield the keys that the contract does not name, where it names some and does not welcome others."""
    for part, item in _parts(value):
        if isinstance(part, str) and view.properties and part not in view.properties and not view.takes_more:
            yield (*path, part), _unknown(_place(name, path), part, [*view.properties])
        else:
            yield from _unknown_keys(view.at(part), item, (*path, part), name)


def _parts(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _unknown(place: str, key: str, known: Sequence[str]) -> str:
    return f"'{place}' has no '{key}'; the contract knows {', '.join(known)}{did_you_mean(key, known)}"
