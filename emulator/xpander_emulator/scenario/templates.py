"""Templates: the `{{ … }}` in a scenario's texts, checked when it is read and resolved when a task is shown."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from xpander_emulator.contract.schema.reader import ANYTHING, SchemaView
from xpander_emulator.core.timeline import Fake, Minted, Template, Value
from xpander_emulator.errors import BrokenPromise, did_you_mean

NAMES: Final = ("input", "request", "task", "signal", "fake", "now")
# What may follow these; the renderer gives just that.
MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "task": ("id", "turn", "agent_id", "organization_id", "created_at", "title"),
    "signal": ("name", "by", "reason", "payload", "at"),
}
_MARKS: Final = ("{{", "{%", "{#")
_NUMBERED: Final = re.compile(r"(.+)_\d+")


def is_template(text: str) -> bool:
    """Tell whether a text has anything in it to resolve."""
    return any(mark in text for mark in _MARKS)


def check_template(source: str, providers: Callable[[], Collection[str]] | None = None) -> tuple[str, ...]:
    """Return all that is wrong with a text, each once and with what would be right.

    providers: gives the names that may follow `fake.`; unchecked without it.
    """
    from jinja2 import TemplateError, TemplateSyntaxError

    from xpander_emulator.scenario import template_sandbox

    try:
        tree = template_sandbox.texts().parse(source)
        if wrong := tuple(dict.fromkeys(_faults(tree, providers))):
            return wrong
        template_sandbox.compiled(source)
    except TemplateSyntaxError as error:
        return (f"the template does not parse: {_without_stop(error)}{_on_line(error.lineno)}",)
    except TemplateError as error:
        return (f"the template does not compile: {_without_stop(error)}",)
    return ()


def _faults(tree: Any, providers: Callable[[], Collection[str]] | None) -> Iterator[str]:
    yield from _refused(tree)
    yield from _unknown_calls(tree)
    yield from _unknown_names(tree)
    yield from _unknown_members(tree)
    yield from _bare_fakes(tree)
    if providers is not None:
        yield from _unknown_fakes(tree, providers)


def is_lone_expression(source: str) -> bool:
    """Tell whether a text is exactly one `{{ … }}`, so that its value keeps its own type."""
    from jinja2 import TemplateError

    from xpander_emulator.scenario import template_sandbox

    try:
        return template_sandbox.lone_expression(template_sandbox.texts().parse(source)) is not None
    except TemplateError:
        return False


def render(
    value: Value,
    context: Mapping[str, Any],
    fake: Callable[[str, str], Any],
    pointer: str,
    schema: SchemaView = ANYTHING,
) -> Any:
    """Return a value with every Template, Fake and Minted in it resolved, as plain JSON.

    context: what the names in a text stand for; `fake` is added to it.
    fake:    gives the value of a Faker provider, the same for the same JSON pointer.
    pointer: where the value stands in the task. `{{ fake.name }}` is keyed by `/fake/name` wherever it stands,
             so that one task has one name throughout; `{{ fake.name_2 }}` is another.
    schema:  what the place takes; a lone `{{ … }}` whose value it does not take turns to text.
    Raises BrokenPromise where a text cannot be resolved.
    """
    match value:
        case Template(source=source):
            return _resolved(source, {**context, "fake": _Fakes(fake)}, pointer, schema)
        case Fake(provider=provider):
            return fake(provider, pointer)
        case Minted(kind=kind, number=number):
            return fake("uuid4", f"/minted/{kind}/{number}")
        case Mapping():
            return {
                name: render(item, context, fake, f"{pointer}/{_escaped(name)}", schema.at(name))
                for name, item in value.items()
            }
        case list() | tuple():
            return [
                render(item, context, fake, f"{pointer}/{index}", schema.at(index)) for index, item in enumerate(value)
            ]
        case _:
            return value


def _resolved(source: str, context: Mapping[str, Any], pointer: str, schema: SchemaView) -> Any:
    from jinja2 import TemplateError

    from xpander_emulator.scenario import template_sandbox

    try:
        value = template_sandbox.run(source, context)
    # What a text's own arithmetic and calls can raise, in the words of Python.
    except (
        TemplateError,
        ArithmeticError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:
        raise BrokenPromise(f"the template at {pointer}, '{_short(source)}', cannot be resolved: {error}") from None
    return value if schema.takes(value) else str(template_sandbox.as_text(value))


class _Fakes:
    """What `fake` stands for in a text: each attribute is a Faker provider's value."""

    __slots__ = ("_fake",)

    def __init__(self, fake: Callable[[str, str], Any]) -> None:
        self._fake = fake

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        numbered = _NUMBERED.fullmatch(name)
        return self._fake(numbered[1] if numbered else name, f"/fake/{_escaped(name)}")


def _refused(tree: Any) -> Iterator[str]:
    from xpander_emulator.scenario import template_sandbox

    for name, line in template_sandbox.refused_tags(tree):
        yield f"the tag '{name}' is not for scenarios; use {{{{ … }}}}, if, for and set{_on_line(line)}"


def _unknown_calls(tree: Any) -> Iterator[str]:
    from jinja2 import nodes

    from xpander_emulator.scenario import template_sandbox

    environment = template_sandbox.texts()
    for kind, word, known in ((nodes.Filter, "filter", environment.filters), (nodes.Test, "test", environment.tests)):
        for use in tree.find_all(kind):
            if use.name not in known:
                hint = did_you_mean(use.name, [*known])
                yield f"the template uses the {word} '{use.name}', which is not there{_on_line(use.lineno)}{hint}"
                # Jinja2 goes through no tree that has an unknown one.
                use.name = next(iter(known))


def _unknown_names(tree: Any) -> Iterator[str]:
    from jinja2 import meta, nodes

    from xpander_emulator.scenario import template_sandbox

    for name in sorted(meta.find_undeclared_variables(tree) - {*NAMES, *template_sandbox.texts().globals}):
        used = next((use for use in tree.find_all(nodes.Name) if use.name == name), None)
        line = _on_line(used.lineno if used else 1)
        yield f"the template uses '{name}'; known names are {', '.join(NAMES)}{line}{did_you_mean(name, NAMES)}"


def _unknown_members(tree: Any) -> Iterator[str]:
    for name, known in MEMBERS.items():
        for member, line in _members(tree, name):
            if member not in known:
                hint = did_you_mean(member, known)
                yield f"'{name}' has no '{member}'; it has {', '.join(known)}{_on_line(line)}{hint}"


def _members(tree: Any, name: str) -> Iterator[tuple[str, int]]:
    """Yield what follows a name in a text, as `name.member` or `name["member"]`, and on which line."""
    from jinja2 import nodes

    for use in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if isinstance(use.node, nodes.Name) and use.node.name == name:
            if isinstance(use, nodes.Getattr):
                yield use.attr, use.lineno
            elif isinstance(use.arg, nodes.Const) and isinstance(use.arg.value, str):
                yield use.arg.value, use.lineno


def _bare_fakes(tree: Any) -> Iterator[str]:
    from jinja2 import nodes

    owners = {id(use.node) for use in tree.find_all((nodes.Getattr, nodes.Getitem))}
    for use in tree.find_all(nodes.Name):
        if use.name == "fake" and id(use) not in owners:
            yield f"'fake' alone is no value; write fake.name, or another Faker provider{_on_line(use.lineno)}"


def _unknown_fakes(tree: Any, providers: Callable[[], Collection[str]]) -> Iterator[str]:
    for member, line in _members(tree, "fake"):
        numbered = _NUMBERED.fullmatch(member)
        name = numbered[1] if numbered else member
        if name not in (known := providers()):
            yield f"'fake.{member}' is no Faker provider{_on_line(line)}{did_you_mean(name, [*known])}"


def _without_stop(error: Exception) -> str:
    return str(error).rstrip(".")


def _on_line(line: int) -> str:
    return f" (line {line} of the text)" if line > 1 else ""


def _escaped(name: str) -> str:
    # RFC 6901, 3: `~` and `/` cannot stand in a JSON pointer as they are.
    return str(name).replace("~", "~0").replace("/", "~1")


def _short(source: str) -> str:
    return source if len(source) <= 80 else f"{source[:77]}…"
