"""The mutants of a file, made by the operators of Cosmic Ray, and a sample of them that does not depend on lines.

A mutant is named by its file, its function, its operator and the text before and after. Those of one function that
have operator and text in common are counted. A sample takes the mutants with the least hashes, so that a change of one
function changes only what is drawn from that function.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

Position = tuple[int, int]
Span = tuple[Position, Position]

_ANNOTATIONS: Final = ("annotation", "returns")
_DATACLASS: Final = "dataclass"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator of Cosmic Ray can be applied.

    function:   the innermost one or, outside of any, the class; empty at the top of a file.
    lines:      of the function, the first and the last; None outside of any.
    before:     the lines of the place, without their indent.
    nth:        counts, from 1, the places that are equal in all that stands above it.
    occurrence: how Cosmic Ray counts the places of an operator within a file, from 0.
    """

    file: str
    function: str
    operator: str
    before: str
    nth: int
    occurrence: int
    lines: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Mutant:
    """What an operator makes of a place; `before` and `after` are the changed lines, without their indent."""

    file: str
    function: str
    operator: str
    before: str
    after: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Mutation:
    """A mutant, and the whole text of its file.

    lines: those of the function, the first and the last; None for a place that is run when the file is imported.
    """

    mutant: Mutant
    text: str
    lines: tuple[int, int] | None


def places(file: str, text: str, operators: Sequence[str]) -> list[Place]:
    """Return where operators whose names match one of these patterns can be applied to a file."""
    scopes, left_out, lines = _scopes(text), _left_out(text), text.splitlines()
    found: list[Place] = []
    for operator in _operators(tuple(operators)):
        for occurrence, (start, end) in enumerate(_spans(operator, text)):
            if not any(begin <= start < stop for begin, stop in left_out):
                before = _joined(lines[start[0] - 1 : end[0]])
                scope = _innermost(scopes, start)
                found.append(Place(file, scope.name, operator, before, 1, occurrence, scope.lines))
    return list(_numbered(found))


def sample(places: Iterable[Place], texts: Mapping[str, str], seed: str, most: int) -> list[Mutation]:
    """Return at most so many mutations. Which ones depends on the seed and each place, not on the name of its file."""
    drawn: list[Mutation] = []
    for place in sorted(places, key=lambda place: _hash(seed, place)):
        if len(drawn) == most:
            break
        mutation = _mutation(place, texts[place.file])
        if mutation is not None:
            drawn.append(mutation)
    return drawn


def _hash(seed: str, place: Place) -> bytes:
    parts = (seed, place.function, place.operator, place.before, str(place.nth))
    return sha256("\0".join(parts).encode()).digest()


def _numbered(places: Iterable[Place]) -> Iterator[Place]:
    seen: Counter[Place] = Counter()
    for place in places:
        key = replace(place, occurrence=0, lines=None)
        seen[key] += 1
        yield replace(place, nth=seen[key])


def _mutation(place: Place, text: str) -> Mutation | None:
    """Return what the operator makes of a place; None where that is the same text."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    mutated = mutate_code(text, get_operator(place.operator)(), place.occurrence)
    if mutated is None or mutated == text:
        return None
    before, after = _changed_lines(text, mutated)
    operator = place.operator.partition("/")[2]
    return Mutation(Mutant(place.file, place.function, operator, before, after, place.nth), mutated, place.lines)


@cache
def _operators(patterns: tuple[str, ...]) -> tuple[str, ...]:
    from cosmic_ray.plugins import operator_names

    known = [name for name in operator_names() if any(re.fullmatch(pattern, _short(name)) for pattern in patterns)]
    idle = [pattern for pattern in patterns if not any(re.fullmatch(pattern, _short(name)) for name in known)]
    if idle:
        raise SystemExit(f"rooms.toml: no operator of Cosmic Ray matches {', '.join(idle)}.")
    return tuple(known)


def _short(operator: str) -> str:
    return operator.partition("/")[2]


def _spans(operator: str, text: str) -> list[Span]:
    """Return where an operator can be applied, in the order in which Cosmic Ray counts."""
    from cosmic_ray.ast import ast_nodes
    from cosmic_ray.plugins import get_operator

    applied = get_operator(operator)()
    return [span for node in ast_nodes(_tree(text)) for span in applied.mutation_positions(node)]


@cache
def _tree(text: str) -> Any:
    from cosmic_ray.ast import get_ast

    return get_ast(text)


def _changed_lines(before: str, after: str) -> tuple[str, str]:
    """Return the lines in which two texts differ, of each."""
    old, new = before.splitlines(), after.splitlines()
    head = _equal(old, new)
    tail = _equal(old[head:][::-1], new[head:][::-1])
    return _joined(old[head : len(old) - tail]), _joined(new[head : len(new) - tail])


def _equal(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many lines are the same at the beginning."""
    common = zip(old, new, strict=False)
    return next((index for index, (one, other) in enumerate(common) if one != other), min(len(old), len(new)))


def _joined(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())


class _Scope(NamedTuple):
    """A function or a class by its dotted name; `lines` are those of a function."""

    span: Span
    name: str
    lines: tuple[int, int] | None


_MODULE: Final = _Scope(((0, 0), (0, 0)), "", None)


def _scopes(text: str) -> list[_Scope]:
    """Return all functions and classes of a file, outer ones first."""
    found: list[_Scope] = []

    def visit(node: ast.AST, names: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            inner = names
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = (*names, child.name)
                first = min([child.lineno, *(each.lineno for each in child.decorator_list)])
                end = _end(child)
                lines = None if isinstance(child, ast.ClassDef) else (child.body[0].lineno, end[0])
                found.append(_Scope(((first, 0), end), ".".join(inner), lines))
            visit(child, inner)

    visit(ast.parse(text), ())
    return found


def _innermost(scopes: Iterable[_Scope], at: Position) -> _Scope:
    return [_MODULE, *(scope for scope in scopes if scope.span[0] <= at < scope.span[1])][-1]


def _left_out(text: str) -> list[Span]:
    """Return the spans in which nothing is mutated: annotations, and the arguments of `@dataclass`.

    `frozen` and `slots` keep a programmer from a mistake; no test need make that mistake.
    """
    spans: list[Span] = []
    for node in ast.walk(ast.parse(text)):
        spans += [_span(each) for name in _ANNOTATIONS if isinstance(each := getattr(node, name, None), ast.expr)]
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == _DATACLASS:
                spans += [_span(each.value) for each in decorator.keywords]
    return spans


def _span(node: Any) -> Span:
    return (node.lineno, node.col_offset), _end(node)


def _end(node: Any) -> Position:
    return node.end_lineno, node.end_col_offset


def read(folder: Path, files: Iterable[str]) -> dict[str, str]:
    """Return the texts of the files that match any of these patterns, by their paths within the folder."""
    paths = {path for pattern in files for path in folder.glob(pattern)}
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(paths)}
