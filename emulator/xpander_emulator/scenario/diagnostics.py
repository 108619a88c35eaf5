"""Diagnostics: the mistakes of one file, which the nodes of its document report while they are read."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.core.timeline import Fake, Template, Value
from xpander_emulator.errors import Diagnostic, did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.durations import NotADuration
from xpander_emulator.scenario.keys import Corrections
from xpander_emulator.scenario.property_schemas import Placeholder, PropertyRules, TextPlaceholder, shown
from xpander_emulator.scenario.templates import is_template

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_Length = TypeVar("_Length")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a scenario must satisfy beyond its own grammar.

    task, request: the contract's rules for the task and for the body of a start; None without a contract.
    providers:     returns the names of the Faker providers; None leaves them unchecked.
    operations:    the action of each operation of the contract by its id, "" for no action; None without a contract.
    templates:     whether templates are checked. A server starts faster without, for scenarios that the tests check.
    """

    task: PropertyRules | None = None
    request: PropertyRules | None = None
    providers: Callable[[], Collection[str]] | None = None
    operations: Mapping[str, str] | None = None
    templates: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The mistakes of one document so far."""

    document: Document
    rules: Rules
    entries: list[Diagnostic] = field(default_factory=list)

    def add(self, path: DocPath, message: str, *, key: bool = False) -> None:
        """Add a mistake at a value of the document, or at its key."""
        self.entries.append(self.document.diagnostic(path, message, key=key))


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document and the path to it, with the checks that report what is wrong with it.

    value: plain JSON, with a dict for a mapping. It is None also where a key is missing, which `in` distinguishes.
    """

    diagnostics: Diagnostics
    path: DocPath
    value: Any

    @property
    def key(self) -> str:
        """The key or the index of the value."""
        return str(self.path[-1])

    @property
    def rules(self) -> Rules:
        """What the whole document must satisfy."""
        return self.diagnostics.rules

    @property
    def line(self) -> int:
        """The line of the file on which the value begins."""
        return self.diagnostics.document.locate(self.path)[0]

    @property
    def members(self) -> tuple["Node", ...]:
        """The values of a mapping; () of anything else."""
        values = self.value.items() if isinstance(self.value, dict) else ()
        return tuple(Node(self.diagnostics, (*self.path, key), value) for key, value in values)

    @property
    def elements(self) -> tuple["Node", ...]:
        """The values of a list; () of anything else."""
        values = self.value if isinstance(self.value, list) else ()
        return tuple(Node(self.diagnostics, (*self.path, index), value) for index, value in enumerate(values))

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __getitem__(self, key: str) -> "Node":
        return Node(self.diagnostics, (*self.path, key), self.value[key] if key in self else None)

    def get(self, key: str) -> "Node | None":
        """Return the value of a mapping at a key, or None where the key is missing."""
        member = self[key]
        return member if key in self else None

    def report(self, message: str, *, key: bool = False) -> None:
        """Report a mistake at the value, or at its key."""
        self.diagnostics.add(self.path, message, key=key)

    def expect(self, holds: bool, expected: str) -> bool:
        """Report what was expected and what was found, unless a condition holds. Return whether it does."""
        if not holds:
            self.report(f"{expected}, found {shown(self.value)}")
        return holds

    def expect_mapping(self, expected: str) -> bool:
        """Return whether the value is a mapping; report anything else."""
        return self.expect(isinstance(self.value, dict), expected)

    def expect_list(self, expected: str) -> bool:
        """Return whether the value is a list of one element or more; report anything else."""
        return self.expect(isinstance(self.value, list) and bool(self.value), expected)

    def expect_text(self, expected: str) -> bool:
        """Return whether the value is text that is not blank; report anything else."""
        return self.expect(isinstance(self.value, str) and bool(self.value.strip()), expected)

    def expect_whole_number(self, least: int, most: int, expected: str) -> bool:
        """Return whether the value is a whole number from `least` to `most`; report anything else."""
        is_number = isinstance(self.value, int) and not isinstance(self.value, bool)
        return self.expect(is_number and least <= self.value <= most, expected)

    def expect_name(self, noun: str, *, key: bool = False) -> bool:
        """Return whether the value, or its key, can name a scenario, step, fault or signal; report anything else."""
        name = self.key if key else self.value
        is_name = isinstance(name, str) and _NAME.fullmatch(name) is not None
        if not is_name:
            self.report(f"{noun} is made of letters, digits, '-' and '_', found {shown(name)}", key=key)
        return is_name

    def length(self, parse: Callable[[Any], _Length]) -> _Length | None:
        """Return a length of time or a range, as `parse` reads it; report anything else."""
        try:
            return parse(self.value)
        except NotADuration as error:
            self.report(str(error))
            return None

    def one_of(self, noun: str, known: Sequence[str], corrections: Corrections) -> str | None:
        """Return the value if it is known. Report anything else, and return its correction, or None.

        corrections: of the usual wrong texts, in lower case and with hyphens.
        """
        text = str(self.value)
        if self.value in known:
            return text
        correction = keys.correction(text.lower().replace("_", "-").replace(" ", "-"), corrections)
        right = f"; write '{correction}'" if correction else suggestion(text, known)
        self.report(f"unknown {noun} {shown(self.value)}{right}")
        return correction

    def check_keys(self, known: Sequence[str], corrections: Corrections, reported: Collection[str] = ()) -> None:
        """Report each key of a mapping that is not known, but for those that are reported elsewhere.

        corrections: of the usual wrong keys, in lower case.
        """
        for key in self.value if isinstance(self.value, dict) else ():
            if key in known or key in reported:
                continue
            if key == "<<":
                message = "'<<' is not part of YAML 1.2; repeat the keys instead"
            elif correction := keys.correction(key.lower(), corrections):
                message = f"unknown key '{key}'; write {correction} instead"
            else:
                message = f"unknown key '{key}'; known keys here are {', '.join(known)}{did_you_mean(key, known)}"
            self[key].report(message, key=True)

    def require(self, key: str, example: str, corrections: Corrections) -> None:
        """Report that a mapping lacks a key, unless one of its wrong keys is corrected to it."""
        if not isinstance(self.value, dict) or key in self.value:
            return
        if not any(keys.correction(other.lower(), corrections) == f"'{key}'" for other in self.value):
            self.report(f"'{key}' is missing; write for instance '{key}: {example}'")

    def check_property(self, rules: PropertyRules, name: str, value: Value) -> None:
        """Report how a property's value, read from here, breaks the contract."""
        for path, message in rules.problems(name, _with_placeholders(value)):
            self.diagnostics.add((*self.path, *path), message)

    def timeline_value(self) -> Value:
        """Return the value with a Template for each text that has `{{ … }}` in it; report what is wrong with these."""
        match self.value:
            case str() if is_template(self.value):
                self._check_template()
                return Template(self.value)
            case float() if not math.isfinite(self.value):
                self.report(f"{self.value} cannot be sent as JSON; write a number or text")
            case dict():
                return self.timeline_values()
            case list():
                return [element.timeline_value() for element in self.elements]
            case _:
                pass
        return self.value

    def _check_template(self) -> None:
        if self.rules.templates:
            from xpander_emulator.scenario import template_checks

            for message in template_checks.check_template(self.value, self.rules.providers):
                self.report(message)

    def timeline_values(self) -> dict[str, Value]:
        """Return the members of a mapping, each as `timeline_value` does; nothing of anything else."""
        return {member.key: member.timeline_value() for member in self.members}


def suggestion(text: str, known: Sequence[str], listed: Sequence[str] = ()) -> str:
    """Return how a message about an unknown word ends: with the nearest known one, or else with all that are listed.

    listed: those worth naming; all known ones, if not given.
    """
    return did_you_mean(text, known) or f"; write one of {', '.join(listed or known)}"


def _with_placeholders(value: Value) -> Any:
    match value:
        case Template(source=source):
            from xpander_emulator.scenario import template_checks

            is_lone = template_checks.is_lone_expression(source)
            return Placeholder(source) if is_lone else TextPlaceholder(source)
        case Fake(provider=provider):
            return Placeholder(provider)
        case Mapping():
            return {name: _with_placeholders(item) for name, item in value.items()}
        case list():
            return [_with_placeholders(item) for item in value]
        case _:
            return value
