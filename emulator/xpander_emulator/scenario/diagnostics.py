"""Findings: the mistakes of one file, gathered while it is read, and the words in which they are told."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.core.timeline import Fake, Template, Value
from xpander_emulator.errors import Diagnostic, did_you_mean
from xpander_emulator.scenario.property_schemas import Placeholder, PropertyRules, TextPlaceholder, shown
from xpander_emulator.scenario.templates import check_template, is_lone_expression, is_template


@dataclass(frozen=True, slots=True)
class Rules:
    """What a scenario is held to beyond its own grammar.

    task, request: the contract's rules; None where there is no contract to hold it to.
    providers:     gives the names of the Faker providers.
    operations:    what each operation of the contract does, by its id: its action, or "".
    texts:         whether templates are checked; stories that the tests have checked start faster without.
    """

    task: PropertyRules | None = None
    request: PropertyRules | None = None
    providers: Callable[[], Collection[str]] | None = None
    operations: Mapping[str, str] | None = None
    texts: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The mistakes of one document so far, and how to add to them."""

    document: Document
    rules: Rules
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(self, path: DocPath, message: str, *, key: bool = False) -> None:
        """Note a mistake at a path of the document; with `key`, at the key and not at its value."""
        self.diagnostics.append(self.document.diagnostic(path, message, key=key))

    def mapping(self, path: DocPath, value: Any, what: str) -> Mapping[str, Any]:
        """Return a mapping, or an empty one and a mistake. `what` says what was expected."""
        if isinstance(value, Mapping):
            return value
        self.add(path, f"{what}, found {shown(value)}")
        return {}

    def text(self, path: DocPath, value: Any, what: str) -> str | None:
        """Return a text that is not empty, or None and a mistake."""
        if isinstance(value, str) and value.strip():
            return value
        self.add(path, f"{what}, found {shown(value)}")
        return None

    def keys(self, path: DocPath, value: Mapping[str, Any], known: Sequence[str], slips: Mapping[str, str]) -> None:
        """Note every key that is not known; `slips` says what to write for the usual wrong ones."""
        for name in value:
            if name in known:
                continue
            if name == "<<":
                message = "'<<' is no part of YAML 1.2; repeat the keys instead"
            elif name.lower() in slips:
                message = f"unknown key '{name}'; write {slips[name.lower()]} instead"
            else:
                message = f"unknown key '{name}'; known keys here are {', '.join(known)}{did_you_mean(name, known)}"
            self.add((*path, name), message, key=True)

    def value(self, path: DocPath, value: Any) -> Value:
        """Return a value as a timeline keeps it: texts with something to resolve become templates, checked here."""
        match value:
            case str() if is_template(value):
                for wrong in check_template(value, self.rules.providers) if self.rules.texts else ():
                    self.add(path, wrong)
                return Template(value)
            case float() if value != value or value in (float("inf"), float("-inf")):
                self.add(path, f"{value} cannot be sent as JSON; write a number or text")
            case Mapping():
                return {name: self.value((*path, name), item) for name, item in value.items()}
            case list():
                return [self.value((*path, index), item) for index, item in enumerate(value)]
            case _:
                pass
        return value

    def against(self, rules: PropertyRules, path: DocPath, name: str, value: Value) -> None:
        """Note what is wrong with a property's value by the contract."""
        for inner, message in rules.problems(name, _with_placeholders(value)):
            self.add((*path, *inner), message)


def _with_placeholders(value: Value) -> Any:
    match value:
        case Template(source=source):
            return Placeholder(source) if is_lone_expression(source) else TextPlaceholder(source)
        case Fake(provider=provider):
            return Placeholder(provider)
        case Mapping():
            return {name: _with_placeholders(item) for name, item in value.items()}
        case list():
            return [_with_placeholders(item) for item in value]
        case _:
            return value
