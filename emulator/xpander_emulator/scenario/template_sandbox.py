"""The sandbox in which the texts of scenarios run: bounded in what they may call, repeat and print.

Imports Jinja2, which takes 35 ms: import this module only where a text is to be checked or rendered.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, cast

from jinja2 import ChainableUndefined, TemplateError, nodes, pass_context
from jinja2.environment import Template as Compiled
from jinja2.environment import TemplateExpression
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

# Room for the largest request that is taken by default, 5 MiB, to be told again with words around it.
MAX_TEXT: Final = 8 * 1024 * 1024
MAX_ITEMS: Final = 10_000
BUDGET: Final = "_budget"

# What makes a text of what it is given, and would make "None" of nothing.
_OF_TEXT: Final = frozenset(
    ["capitalize", "e", "escape", "forceescape", "lower", "replace", "striptags", "title", "trim", "truncate"]
).union(["upper", "urlencode", "wordcount"])
# What can ask for any amount of memory with a short word, or answers differently at each call.
_WITHOUT_FILTERS: Final = ("center", "format", "indent", "pprint", "random", "urlize", "wordwrap", "xmlattr")
_WITHOUT_GLOBALS: Final = ("cycler", "joiner", "lipsum", "namespace")
_WITHOUT_METHODS: Final = frozenset({"center", "ljust", "rjust", "zfill", "format", "format_map", "expandtabs"})
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


class TooMuch(TemplateError):
    """A text that asks for more than the sandbox gives."""


class Texts(ImmutableSandboxedEnvironment):
    """Jinja2 as scenarios speak it: missing data is empty, mappings and lists print as JSON."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=ChainableUndefined, finalize=as_text, keep_trailing_newline=True)
        self.filters = {name: call for name, call in self.filters.items() if name not in _WITHOUT_FILTERS}
        self.filters["bounded"] = _bounded
        self.filters["shown"] = as_text
        self.globals = {name: call for name, call in self.globals.items() if name not in _WITHOUT_GLOBALS}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str | bytes) and attr in _WITHOUT_METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Leave `str.format` to `is_safe_attribute`, which refuses it: a width in it asks for any amount of memory."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) for side in (left, right)):
            raise TooMuch(f"'{operator}' is for numbers only; to put texts together use '~'")
        if operator == "**" and (abs(right) > 64 or abs(left) > 1_000_000):
            raise TooMuch("'**' takes a base up to 1000000 and a power up to 64")
        return super().call_binop(context, operator, left, right)


@lru_cache(maxsize=1)
def texts() -> Texts:
    """Return the one environment; it holds no state of any text."""
    return Texts()


@lru_cache(maxsize=4096)
def compiled(source: str) -> tuple[Compiled, TemplateExpression | None]:
    """Return a text compiled, and its expression where it is one expression and nothing else."""
    tree = _Softening().visit(texts().parse(source))
    lone = lone_expression(tree)
    if lone is not None:
        # As Environment.compile_expression does it, from a tree instead of a text.
        body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), lone, lineno=1)]
        template = _from_tree(nodes.Template(body, lineno=1))
        return template, TemplateExpression(template, undefined_to_none=False)
    return _from_tree(tree), None


def lone_expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression of a text that is exactly `{{ … }}`."""
    match tree.body:
        case [nodes.Output(nodes=[expression])] if not isinstance(expression, nodes.TemplateData):
            return expression
        case _:
            return None


def refused_tags(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """Yield each tag that no scenario needs, and its line."""
    for kind, name in _REFUSED_TAGS.items():
        for found in tree.find_all(kind):
            yield name, found.lineno
    for loop in tree.find_all(nodes.For):
        if loop.recursive:
            yield "for … recursive", loop.lineno


def run(source: str, context: Mapping[str, Any]) -> Any:
    """Return what a text gives: the value itself where the text is one expression, else text.

    Raises jinja2.TemplateError, and what the text's own arithmetic raises.
    """
    template, expression = compiled(source)
    names = {**context, BUDGET: _Budget()}
    if expression is not None:
        return _plain(expression(**names))
    return _joined(template.generate(**names))


def as_text(value: Any) -> Any:
    """Return a value as a text shows it: nothing for null, JSON for what is no text or number."""
    if value is None:
        return ""
    if isinstance(value, bool | Mapping | list | tuple):
        return json.dumps(_plain(value), ensure_ascii=False)
    return value


def _from_tree(tree: nodes.Template) -> Compiled:
    return texts().from_string(tree)


def _joined(parts: Iterable[str]) -> str:
    gathered: list[str] = []
    length = 0
    for part in parts:
        length += len(part)
        if length > MAX_TEXT:
            raise TooMuch(f"it prints more than {MAX_TEXT:,} characters")
        gathered.append(part)
    return "".join(gathered)


def _plain(value: Any) -> Any:
    """Return a value of an expression as plain JSON; what is not defined is empty text."""
    if isinstance(value, ChainableUndefined):
        return ""
    if isinstance(value, str):
        return _joined([str(value)])
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Iterator | list | tuple | range | set):
        return [_plain(item) for _, item in zip(range(MAX_ITEMS), value, strict=False)]
    return _joined([str(value)])


class _Budget:
    """How many more items the loops of one text may take."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_ITEMS


@pass_context
def _bounded(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    budget: _Budget = context[BUDGET]
    for item in items:
        budget.left -= 1
        if budget.left < 0:
            raise TooMuch(f"its loops take more than {MAX_ITEMS} items in all")
        yield item


class _Softening(NodeTransformer):
    """Puts every loop of a text on its budget, and lets what is put into texts be as a text shows it."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja2 finds visitors by these names
        self.generic_visit(node)
        node.iter = _filtered("bounded", node.iter)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.name in _OF_TEXT and node.node is not None:
            node.node = _filtered("shown", node.node)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [_filtered("shown", each) for each in node.nodes]
        return node


def _filtered(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno, environment=texts())
