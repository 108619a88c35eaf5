"""YAML and JSON files with the place of each value, so that a message can say file:line:column.

YAML 1.2's core schema: `no` is text, `010` is ten, a date is text. Duplicate keys, further documents, tags and aliases
to an enclosing node are refused. The depth is limited, and so is the number of values after aliases are expanded.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from xpander_emulator.common.os_errors import reason
from xpander_emulator.common.types import DocPath
from xpander_emulator.errors import Diagnostic, InvalidFiles

MAX_DEPTH: Final = 100
MAX_VALUES: Final = 200_000
PARTS: Final = "x-emulator-files"

# YAML 1.2.2, 10.3.2: the core schema's tag resolution.
_SCALARS: Final = (
    (re.compile(r"(?:null|Null|NULL|~|)"), lambda text: None),
    (re.compile(r"true|True|TRUE"), lambda text: True),
    (re.compile(r"false|False|FALSE"), lambda text: False),
    (re.compile(r"[-+]?[0-9]{1,400}"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text, 0)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(?:nan|NaN|NAN)"), lambda text: float("nan")),
)
# RFC 8259, 7: a character beyond U+FFFF is escaped as two surrogates, which YAML refuses. An escaped backslash comes
# first, so that the characters after it are not taken for an escape.
_ESCAPES: Final = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_INDENT: Final = re.compile(r" *\t")
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]  # the base is chosen when it runs
    """Reads every scalar as text: resolving scalars by YAML 1.1 is a third of the work, and of no use here."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        return "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its value, and the place of each part of the value.

    parts: other files by their names, whose values are in this one under PARTS.
    """

    file: str
    value: Any
    _root: yaml.Node
    parts: Mapping[str, "Document"] = field(default_factory=dict)

    def locate(self, path: DocPath, *, key: bool = False) -> tuple[int, int]:
        """Return line and column, from 1, of the value at `path`, or of its key.

        Where the path has no value, the place of the nearest value above it.
        """
        owner, inner = self._owner(path)
        if owner is not self:
            return owner.locate(inner, key=key)
        node, place = self._root, self._root
        for part in path:
            child = _child(node, part)
            if child is None:
                break
            place, node = child if key else (child[1], child[1])
        return place.start_mark.line + 1, place.start_mark.column + 1

    def diagnostic(self, path: DocPath, message: str, *, key: bool = False) -> Diagnostic:
        """Return a diagnostic at `path`."""
        line, column = self.locate(path, key=key)
        return Diagnostic(self._owner(path)[0].file, line, column, message)

    def _owner(self, path: DocPath) -> tuple["Document", DocPath]:
        """Return the file that a path leads into, and the path within it."""
        part = self.parts.get(str(path[1])) if len(path) > 1 and path[0] == PARTS else None
        return (self, path) if part is None else (part, path[2:])


def read_document(path: Path, name: str | None = None) -> Document:
    """Read and parse a file; `name` is its name in messages. Raises InvalidFiles."""
    file = name or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidFiles([Diagnostic(file, 1, 1, f"cannot be read: {reason(error)}")]) from None
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} is 0x{error.object[error.start]:02x}"
        raise InvalidFiles([Diagnostic(file, 1, 1, f"is not UTF-8: {byte}")]) from None
    return parse_document(text, file)


def parse_document(text: str, file: str) -> Document:
    """Parse YAML or JSON text. Raises InvalidFiles with every mistake that can be found at once."""
    loader = _Loader(_with_whole_escapes(text))
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise InvalidFiles([_syntax_mistake(file, text, error)]) from None
    except yaml.YAMLError as error:
        raise InvalidFiles([Diagnostic(file, 1, 1, f"is not YAML: {error}")]) from None
    finally:
        loader.dispose()
    if root is None:
        raise InvalidFiles([Diagnostic(file, 1, 1, "is empty; a mapping was expected")])
    builder = _Builder(file)
    value = builder.build(root, 0)
    if builder.has_aliases and not builder.diagnostics and (bomb := _bomb(root)):
        builder.refuse(bomb, f"is more than {MAX_VALUES:,} values once its aliases are expanded; write less of it")
    if builder.diagnostics:
        raise InvalidFiles(builder.diagnostics)
    return Document(file, value, root)


def _with_whole_escapes(text: str) -> str:
    """Return JSON text with each escaped pair of surrogates as YAML escapes it; other text unchanged."""
    if "\\u" not in text or text.lstrip()[:1] not in ("{", "["):
        return text
    return _ESCAPES.sub(lambda match: match[0] if match[1] is None else _whole_escape(match[1], match[2]), text)


def _whole_escape(high: str, low: str) -> str:
    # The Unicode Standard, 3.9, table 3-5.
    return f"\\U{0x10000 + (int(high, 16) - 0xD800) * 0x400 + int(low, 16) - 0xDC00:08x}"


def _syntax_mistake(file: str, text: str, error: yaml.MarkedYAMLError) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if error.problem == "but found another document":
        return Diagnostic(file, line, column, "is not YAML: another document begins here; give it a file of its own")
    # YAML 1.2.2, 6.1: indentation is spaces alone; within brackets a tab is allowed.
    before = "".join(text.split("\n")[line - 1 : line])[:column]
    if _INDENT.fullmatch(before):
        return Diagnostic(file, line, column, "is not YAML: indented with a tab; write spaces")
    context = f" {error.context}" if error.context else ""
    return Diagnostic(file, line, column, f"is not YAML: {error.problem or 'unreadable'}{context}")


def _bomb(root: yaml.Node) -> yaml.Node | None:
    """Return the innermost node with too many values, each alias counted as often as it is used."""
    sizes: dict[int, int] = {}
    too_large: list[yaml.Node] = []

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            items = node.value if isinstance(node, yaml.SequenceNode) else [each for pair in pairs for each in pair]
            sizes[id(node)] = 1 + sum(size(item) for item in items)
            if sizes[id(node)] > MAX_VALUES:
                too_large.append(node)
        return sizes[id(node)]

    size(root)
    return too_large[0] if too_large else None


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the key node and the value node of one part of a path; of a sequence, the item twice."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and str(part).isdecimal() and int(part) < len(node.value):
        return node.value[int(part)], node.value[int(part)]
    return None


class _Builder:
    """Builds plain values from nodes, and collects mistakes; a node with aliases is built once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.diagnostics: list[Diagnostic] = []
        self._built: dict[int, Any] = {}
        self.has_aliases = False
        self._open: set[int] = set()

    def build(self, node: yaml.Node, depth: int) -> Any:
        if id(node) in self._built:
            self.has_aliases = True
            return self._built[id(node)]
        if id(node) in self._open:
            return self.refuse(node, "an alias to something that contains it; such a value has no end")
        if depth > MAX_DEPTH:
            return self.refuse(node, f"is nested deeper than {MAX_DEPTH} levels")
        self._open.add(id(node))
        value = self.build_new(node, depth)
        self._open.discard(id(node))
        self._built[id(node)] = value
        return value

    def build_new(self, node: yaml.Node, depth: int) -> Any:
        if not node.tag.startswith("tag:yaml.org,2002:") or ":python/" in node.tag:
            return self.refuse(node, f"the tag '{node.tag}' means nothing here; remove it")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, depth + 1) for item in node.value]
        # Only a plain scalar (no style) is resolved, by YAML 1.2.
        return node.value if getattr(node, "style", None) else resolve_scalar(node.value)

    def mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        built: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or not isinstance(key_node.value, Hashable):
                self.refuse(key_node, "a key must be text")
                continue
            key = str(key_node.value)
            if key in lines:
                self.refuse(key_node, f"duplicate key '{key}', first given on line {lines[key]}; keep one of them")
            lines.setdefault(key, key_node.start_mark.line + 1)
            built[key] = self.build(value_node, depth + 1)
        return built

    def refuse(self, node: yaml.Node, message: str) -> None:
        mark = node.start_mark
        self.diagnostics.append(Diagnostic(self.file, mark.line + 1, mark.column + 1, message))


def resolve_scalar(text: str) -> Any:
    """Return the value of a plain scalar by YAML 1.2's core schema."""
    for pattern, convert in _SCALARS:
        if pattern.fullmatch(text):
            return convert(text)
    return text
