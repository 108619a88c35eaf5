"""The reference page of the test kit, made from its docstrings and signatures: `make docs` writes docs/testkit-api.md.

The docstrings have Google's sections `Args`, `Returns`, `Yields`, `Raises` and `Attributes`; a test
holds that they describe every argument, return value and attribute.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, Final

from tools.generated_page import ROOT, table, write_or_check
from xpander_emulator import pytest_plugin, testkit

PAGE: Final = ROOT / "docs" / "testkit-api.md"
FIXTURES: Final = ("emulator", "emulator_server", "emulator_settings")
_SECTION: Final = re.compile(r"^(Args|Returns|Yields|Raises|Attributes):\n((?: {4}.*\n|\n(?= {4}))+)", re.MULTILINE)
_ENTRY: Final = re.compile(r"^(\w+): (.*(?:\n {4}.*)*)", re.MULTILINE)
_EXAMPLE: Final = re.compile(r"^>>> .*(?:\n(?:\.\.\.|>>>) .*)*", re.MULTILINE)
_INTRODUCTION: Final = """\
<!-- Made by `make docs` from the docstrings of the package. Do not edit it here. -->

# The test kit, name by name

Every name of `xpander_emulator.testkit`, and what the pytest plugin adds. [Testing with the emulator](testing.md)
explains them by examples."""


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring in Google's form: the text before the first section, and the entries of each section by name.

    `Returns` and `Yields` have a single entry, under "".
    """

    text: str
    sections: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Item:
    """A class, function, method, property or fixture: its name and its definition in the source."""

    name: str
    node: ast.ClassDef | ast.FunctionDef

    @property
    def docstring(self) -> Docstring:
        """The docstring of the definition."""
        return parse(ast.get_docstring(self.node) or "")

    @property
    def is_property(self) -> bool:
        """Whether it is a property, whose text describes its value."""
        return "property" in self.decorators

    @property
    def decorators(self) -> list[str]:
        """The decorators, as the source has them."""
        return [ast.unparse(each) for each in self.node.decorator_list]

    @property
    def function(self) -> ast.FunctionDef | None:
        """The function that is called; of a class its constructor, where the class documents arguments."""
        if isinstance(self.node, ast.FunctionDef):
            return self.node
        methods = {each.name: each for each in self.node.body if isinstance(each, ast.FunctionDef)}
        return methods["__init__"] if "Args" in self.docstring.sections else None

    @property
    def arguments(self) -> dict[str, str]:
        """The types of the arguments, by name; a fixture has none that a user gives."""
        if self.function is None or self.name in FIXTURES:
            return {}
        spec = self.function.args
        every = [*spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
        return {each.arg: _source(each.annotation) for each in every if each.arg != "self"}

    @property
    def returns(self) -> str:
        """The type that is returned or yielded; "" for none, and for a class."""
        returns = _source(self.node.returns) if isinstance(self.node, ast.FunctionDef) else "None"
        return "" if returns == "None" else re.sub(r"^Iterator\[(.+)\]$", r"\1", returns)

    @property
    def attributes(self) -> dict[str, str]:
        """The types of the public attributes of a class, by name."""
        if not isinstance(self.node, ast.ClassDef):
            return {}
        fields = [each for each in self.node.body if isinstance(each, ast.AnnAssign)]
        types = {_source(each.target): _source(each.annotation) for each in fields}
        return {name: kind for name, kind in types.items() if not name.startswith("_")}


def parse(docstring: str) -> Docstring:
    """Return the parts of a docstring."""
    docstring += "\n"
    sections = {}
    for heading, body in _SECTION.findall(docstring):
        lines = dedent(body).strip()
        entries = [("", lines)] if heading in ("Returns", "Yields") else _ENTRY.findall(lines)
        sections[heading] = {name: " ".join(text.split()) for name, text in entries}
    return Docstring(_SECTION.sub("", docstring).strip(), sections)


def items() -> Iterator[Item]:
    """Yield the classes of the test kit, each before its public members, and the functions."""
    for name in sorted(testkit.__all__, key=str.lower):
        member = getattr(testkit, name)
        if not (inspect.isclass(member) or inspect.isfunction(member)):
            continue
        item = Item(name, _definition(inspect.unwrap(member)))
        yield item
        methods = item.node.body if inspect.isclass(member) else []
        public = [each for each in methods if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")]
        yield from (Item(f"{name}.{each.name}", each) for each in public)


def fixtures() -> Iterator[Item]:
    """Yield the fixtures of the pytest plugin."""
    module = ast.parse(inspect.getsource(pytest_plugin))
    functions = {each.name: each for each in module.body if isinstance(each, ast.FunctionDef)}
    yield from (Item(name, functions[name]) for name in FIXTURES)


def markers() -> dict[str, Docstring]:
    """Return the docstrings of the markers of the pytest plugin, by their signatures."""
    parts = [marker.partition(": ") for marker in pytest_plugin.MARKERS]
    return {signature: parse(inspect.cleandoc(text)) for signature, _, text in parts}


def page() -> str:
    """Return the whole page in Markdown."""
    options = [*pytest_plugin.SERVER_OPTIONS, *pytest_plugin.REPORT_OPTIONS]
    rows = [(f"`--emulator-{each.name.replace('_', '-')}`", f"`emulator_{each.name}`", each.help) for each in options]
    parts = [
        *(_INTRODUCTION, "## Classes and functions", *map(_entry, items())),
        *("## Fixtures of the pytest plugin", *map(_entry, fixtures())),
        *("## Markers of the pytest plugin", *(_marker(*each) for each in markers().items())),
        *("## Flags and ini options of the pytest plugin", table(("flag", "ini option", "what it is"), rows)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _entry(item: Item) -> str:
    docstring = item.docstring
    parts = [
        f"{'####' if '.' in item.name else '###'} {item.name}",
        _signature(item),
        _EXAMPLE.sub(lambda match: f"```python\n{match[0]}\n```", docstring.text),
        _types("argument", item.arguments, docstring.sections.get("Args", {})),
        _types("attribute", item.attributes, docstring.sections.get("Attributes", {})),
        *_results(docstring, item.returns),
    ]
    return "\n\n".join(part for part in parts if part)


def _types(heading: str, types: Mapping[str, str], texts: Mapping[str, str]) -> str:
    rows = [(f"`{name}`", f"`{kind}`", texts.get(name, "")) for name, kind in types.items()]
    return table((heading, "type", "what it is"), rows) if rows else ""


def _signature(item: Item) -> str:
    if item.is_property:
        return f"Property of type `{item.returns}`."
    if item.name in FIXTURES:
        return "Its scope is the session." if "session" in "".join(item.decorators) else "Its scope is the function."
    if item.function is None:
        return ""
    untyped: Any = ast.parse(ast.unparse(item.function)).body[0]
    for each in ast.walk(untyped.args):
        if isinstance(each, ast.arg):
            each.annotation = None
    name = item.name.rpartition(".")[2]
    return f"```python\n{name}({ast.unparse(untyped.args).removeprefix('self').removeprefix(', ')})\n```"


def _marker(signature: str, docstring: Docstring) -> str:
    parts = [
        f"### @pytest.mark.{signature.partition('(')[0]}",
        f"```python\n@pytest.mark.{signature}\n```",
        docstring.text,
        table(("argument", "what it is"), [(f"`{name}`", text) for name, text in docstring.sections["Args"].items()]),
        *_results(docstring, ""),
    ]
    return "\n\n".join(parts)


def _results(docstring: Docstring, returns: str) -> Iterator[str]:
    for heading in {"Returns", "Yields"} & docstring.sections.keys():
        yield f"{heading} `{returns}`: {docstring.sections[heading]['']}"
    if "Raises" in docstring.sections:
        errors = (f"- `{name}`: {text}" for name, text in docstring.sections["Raises"].items())
        yield "\n".join(["Raises:", "", *errors])


def _definition(member: Any) -> ast.ClassDef | ast.FunctionDef:
    node: Any = ast.parse(dedent(inspect.getsource(member))).body[0]
    definition: ast.ClassDef | ast.FunctionDef = node
    return definition


def _source(node: ast.expr | None) -> str:
    # A class that is imported for type checking alone stands in quotes.
    return "" if node is None else re.sub(r"'([A-Z]\w+)'", r"\1", ast.unparse(node))


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page(), "docstrings of the test kit", sys.argv[1:]))
