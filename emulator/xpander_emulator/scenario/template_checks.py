"""Template checks: the mistakes in the `{{ … }}` of a scenario's texts, found when the scenario is loaded."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes

from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario import template_sandbox
from xpander_emulator.scenario.templates import MEMBERS, NAMES, provider_of

Providers = Callable[[], Collection[str]]

# Tags that no scenario needs.
_REFUSED_TAGS: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.FilterBlock: "filter",
}


def check_template(source: str, providers: Providers | None) -> tuple[str, ...]:
    """Return a message for each mistake in a text, each once and with what would be right.

    providers: returns the names that may follow `fake.`; None leaves them unchecked.
    """
    try:
        tree = template_sandbox.environment().parse(source)
        if mistakes := tuple(dict.fromkeys(_mistakes(tree, providers))):
            return mistakes
        template_sandbox.compiled(source)
    except TemplateSyntaxError as error:
        return (f"the template does not parse: {_without_stop(error)}{_on_line(error.lineno)}",)
    except TemplateError as error:
        return (f"the template does not compile: {_without_stop(error)}",)
    return ()


def is_lone_expression(source: str) -> bool:
    """Return whether a text is exactly one `{{ … }}`, so that its value keeps its own type."""
    try:
        return template_sandbox.lone_expression(template_sandbox.environment().parse(source)) is not None
    except TemplateError:
        return False


def _mistakes(tree: nodes.Template, providers: Providers | None) -> Iterator[str]:
    yield from _refused_tags(tree)
    yield from _unknown_calls(tree)
    yield from _unknown_names(tree)
    yield from _unknown_members(tree)
    yield from _lone_fakes(tree)
    if providers is not None:
        yield from _unknown_providers(tree, providers)


def _refused_tags(tree: nodes.Template) -> Iterator[str]:
    tags = [(name, tag.lineno) for kind, name in _REFUSED_TAGS.items() for tag in tree.find_all(kind)]
    tags += [("for … recursive", loop.lineno) for loop in tree.find_all(nodes.For) if loop.recursive]
    for name, line in tags:
        yield f"the tag '{name}' is not for scenarios; use {{{{ … }}}}, if, for and set{_on_line(line)}"


def _unknown_calls(tree: nodes.Template) -> Iterator[str]:
    environment = template_sandbox.environment()
    for kind, word, known in ((nodes.Filter, "filter", environment.filters), (nodes.Test, "test", environment.tests)):
        for use in tree.find_all(kind):
            if use.name not in known:
                hint = did_you_mean(use.name, [*known])
                yield f"the template uses the {word} '{use.name}', which does not exist{_on_line(use.lineno)}{hint}"
                # Jinja2 walks no tree that has an unknown filter or test in it.
                use.name = next(iter(known))


def _unknown_names(tree: nodes.Template) -> Iterator[str]:
    for name in sorted(meta.find_undeclared_variables(tree) - {*NAMES, *template_sandbox.environment().globals}):
        line = next((use.lineno for use in tree.find_all(nodes.Name) if use.name == name), 1)
        hint = did_you_mean(name, NAMES)
        yield f"the template uses '{name}'; known names are {', '.join(NAMES)}{_on_line(line)}{hint}"


def _unknown_members(tree: nodes.Template) -> Iterator[str]:
    for name, known in MEMBERS.items():
        for member, line in _members(tree, name):
            if member not in known:
                hint = did_you_mean(member, known)
                yield f"'{name}' has no '{member}'; it has {', '.join(known)}{_on_line(line)}{hint}"


def _members(tree: nodes.Template, name: str) -> Iterator[tuple[str, int]]:
    """Yield each member of a name that a text uses, as `name.member` or `name["member"]`, and its line."""
    for owner, member, line in _accesses(tree):
        if isinstance(owner, nodes.Name) and owner.name == name and member is not None:
            yield member, line


def _accesses(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str | None, int]]:
    """Yield the owner, the member and the line of each access; the member is None where a text computes it."""
    for use in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match use:
            case nodes.Getattr():
                yield use.node, use.attr, use.lineno
            case nodes.Getitem(arg=nodes.Const(value=str(member))):
                yield use.node, member, use.lineno
            case nodes.Getitem():
                yield use.node, None, use.lineno


def _lone_fakes(tree: nodes.Template) -> Iterator[str]:
    owners = {id(owner) for owner, _, _ in _accesses(tree)}
    for use in tree.find_all(nodes.Name):
        if use.name == "fake" and id(use) not in owners:
            yield f"'fake' alone is not a value; write fake.name, or another Faker provider{_on_line(use.lineno)}"


def _unknown_providers(tree: nodes.Template, providers: Providers) -> Iterator[str]:
    for member, line in _members(tree, "fake"):
        name = provider_of(member)
        if name not in (known := providers()):
            yield f"'fake.{member}' is not a Faker provider{_on_line(line)}{did_you_mean(name, [*known])}"


def _without_stop(error: Exception) -> str:
    return str(error).rstrip(".")


def _on_line(line: int) -> str:
    return f" (line {line} of the text)" if line > 1 else ""
