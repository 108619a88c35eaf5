"""The sandbox in which the templates of scenarios run: it limits what they may call, repeat and print.

Imports Jinja2, which takes 35 ms: import this module only where a template is to be checked or rendered.
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

# The largest request that is accepted by default, 5 MiB, may be repeated with words around it.
MAX_TEXT: Final = 8 * 1024 * 1024
MAX_ITEMS: Final = 10_000
BUDGET: Final = "_budget"

# Filters that turn their input into text, which would make "None" of null.
_TEXT_FILTERS: Final = frozenset(
    ["capitalize", "e", "escape", "forceescape", "lower", "replace", "striptags", "title", "trim", "truncate"]
).union(["upper", "urlencode", "wordcount"])
# Each can ask for any amount of memory by a few characters, or returns something else at each call.
_WITHOUT_FILTERS: Final = ("center", "format", "indent", "pprint", "random", "urlize", "wordwrap", "xmlattr")
_WITHOUT_GLOBALS: Final = ("cycler", "joiner", "lipsum", "namespace")
_WITHOUT_METHODS: Final = frozenset({"center", "ljust", "rjust", "zfill", "format", "format_map", "expandtabs"})


class LimitExceeded(TemplateError):
    """A template exceeds a limit of the sandbox."""


# What a template can raise when it runs; all but the first by its own arithmetic and calls.
ERRORS: Final = (
    *(TemplateError, ArithmeticError, TypeError, ValueError),
    *(LookupError, AttributeError, RecursionError),
)


class SandboxEnvironment(ImmutableSandboxedEnvironment):
    """The Jinja2 of scenarios: missing data is empty, mappings and lists print as JSON."""

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
        """Do nothing: `is_safe_attribute` refuses `str.format`, a width of which asks for any amount of memory."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) for side in (left, right)):
            raise LimitExceeded(f"'{operator}' is for numbers only; to put texts together use '~'")
        if operator == "**" and (abs(right) > 64 or abs(left) > 1_000_000):
            raise LimitExceeded("'**' takes a base up to 1000000 and a power up to 64")
        return super().call_binop(context, operator, left, right)


@lru_cache(maxsize=1)
def environment() -> SandboxEnvironment:
    """Return the one environment; it holds no state of any template."""
    return SandboxEnvironment()


@lru_cache(maxsize=4096)
def compiled(source: str) -> tuple[Compiled, TemplateExpression | None]:
    """Return a compiled template, and its expression where it is exactly `{{ … }}`."""
    tree = _Rewriting().visit(environment().parse(source))
    lone = lone_expression(tree)
    if lone is not None:
        # As Environment.compile_expression does it, from a tree instead of a text.
        body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), lone, lineno=1)]
        template = environment().from_string(nodes.Template(body, lineno=1))
        return template, TemplateExpression(template, undefined_to_none=False)
    return environment().from_string(tree), None


def lone_expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression of a template that is exactly `{{ … }}`."""
    match tree.body:
        case [nodes.Output(nodes=[expression])] if not isinstance(expression, nodes.TemplateData):
            return expression
        case _:
            return None


def run(source: str, context: Mapping[str, Any]) -> Any:
    """Return the value of a template that is exactly one `{{ … }}`, else text. Raises one of ERRORS."""
    template, expression = compiled(source)
    names = {**context, BUDGET: _Budget()}
    if expression is not None:
        return _plain(expression(**names))
    return _joined(template.generate(**names))


def as_text(value: Any) -> Any:
    """Return a value as a template prints it: null as nothing, texts and numbers as they are, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool | Mapping | list | tuple):
        return json.dumps(_plain(value), ensure_ascii=False)
    return value


def _joined(parts: Iterable[str]) -> str:
    parts_so_far: list[str] = []
    length = 0
    for part in parts:
        length += len(part)
        if length > MAX_TEXT:
            raise LimitExceeded(f"it prints more than {MAX_TEXT:,} characters")
        parts_so_far.append(part)
    return "".join(parts_so_far)


def _plain(value: Any) -> Any:
    """Return the value of an expression as plain JSON; missing data is empty text."""
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
    """How many more items the loops of one template may take."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_ITEMS


@pass_context
def _bounded(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    budget: _Budget = context[BUDGET]
    for item in items:
        budget.left -= 1
        if budget.left < 0:
            raise LimitExceeded(f"its loops take more than {MAX_ITEMS} items in all")
        yield item


class _Rewriting(NodeTransformer):
    """Counts the items of every loop, and passes values to text filters and `~` as a template prints them."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja2 finds visitors by these names
        self.generic_visit(node)
        node.iter = _filtered("bounded", node.iter)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.name in _TEXT_FILTERS and node.node is not None:
            node.node = _filtered("shown", node.node)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [_filtered("shown", each) for each in node.nodes]
        return node


def _filtered(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(
        cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno, environment=environment()
    )
