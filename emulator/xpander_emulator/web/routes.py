"""Routes: which operation of a contract a request matches, and the nearest ones when it matches none."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from xpander_emulator.common.types import Headers
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.openapi.load import routing_order
from xpander_emulator.errors import EmulatorError

# The difference where a path matches.
_OTHER_METHOD: Final = " (by another method)"
# Paths up to this length are cached.
_LONGEST_CACHED: Final = 256
_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")
# An endpoint with the path parameters of a request to it.
RouteMatch = tuple[ASGIApp, Mapping[str, str]]
# Answers a request that no operation matches with an error, and further headers.
Reject = Callable[[Scope, Receive, Send, EmulatorError, Headers], Awaitable[None]]


class MethodNotAllowed(EmulatorError):
    """A path that has no operation of this method."""

    status = 405


class NoSuchOperation(EmulatorError):
    """A path that no operation has."""

    status = 404


class OperationRoutes:
    """All operations of a contract, as an ASGI application that passes a request to the endpoint of its operation.

    They are found in a tree of path segments, literal segments first, so that the cost depends on the length of a path
    and not on the number of operations. A path without operation is answered 404 with the nearest one, a method that a
    path lacks 405 with the methods that it has. HEAD goes to GET, where a path has GET and no HEAD of its own.
    """

    def __init__(self, contract: Contract, make_endpoint: Callable[[Operation], ASGIApp], reject: Reject) -> None:
        self._reject = reject
        self._operations = contract.operations
        self._root = _Node()
        # Clients request the same few paths again and again.
        self._cached = lru_cache(maxsize=4_096)(self._find)
        for operation in routing_order(contract):
            node, endpoint = self._root, make_endpoint(operation)
            # RFC 9110, 4.2.5: a fragment is never sent. Of operations that differ by it alone, the first one is served.
            path, fragment, _ = operation.path.partition("#")
            for segment in path.split("/")[1:]:
                node = node.child(segment)
            if fragment and operation.method in node.endpoints:
                continue
            node.endpoints[operation.method] = endpoint
            node.names = tuple(_PARAMETER.findall(path))
            if operation.method == "GET":
                node.endpoints.setdefault("HEAD", endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method, path = scope["method"], scope["path"]
        leaf = self._root.find(_segments(scope), 1, ())
        if leaf is None:
            hint = "".join(f" Nearest: {each}." for each in nearest(self._operations, method, path, 1))
            pages = " The emulator's pages are at /__emulator/." if path == "/" else ""
            error = NoSuchOperation(f"No operation matches {method} {path}.{pages or hint}")
            await self._reject(scope, receive, send, error, ())
            return
        node, values = leaf
        endpoint = node.endpoints.get(method)
        if endpoint is None:
            allow = ", ".join(sorted(node.endpoints)).encode()
            await self._reject(scope, receive, send, MethodNotAllowed("Method Not Allowed"), ((b"allow", allow),))
            return
        scope["path_params"] = node.named(values)
        await endpoint(scope, receive, send)

    def find(self, method: str, path: str) -> RouteMatch | None:
        """Return the endpoint of a path without escapes, and its path parameters; None where there is none."""
        return self._cached(method, path) if len(path) <= _LONGEST_CACHED else self._find(method, path)

    def _find(self, method: str, path: str) -> RouteMatch | None:
        leaf = self._root.find(path.split("/"), 1, ())
        if leaf is None:
            return None
        node, values = leaf
        endpoint = node.endpoints.get(method)
        return None if endpoint is None else (endpoint, node.named(values))


class _Node:
    """A place in the tree of path segments: the segments that may follow, and the operations of the path up to here."""

    __slots__ = ("endpoints", "literal", "mixed", "names", "whole")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.mixed: dict[re.Pattern[str], _Node] = {}
        self.whole: _Node | None = None
        self.endpoints: dict[str, ASGIApp] = {}
        self.names: tuple[str, ...] = ()

    def child(self, segment: str) -> "_Node":
        """Return the node behind a template's segment; a new one is added if there is none."""
        if "{" not in segment:
            return self.literal.setdefault(segment, _Node())
        if _PARAMETER.fullmatch(segment):
            self.whole = self.whole or _Node()
            return self.whole
        pattern = re.compile("".join(_segment_pattern(piece) for piece in re.split(r"(\{[^{}]+\})", segment)))
        return self.mixed.setdefault(pattern, _Node())

    def find(self, segments: Sequence[str], at: int, values: tuple[str, ...]) -> "tuple[_Node, tuple[str, ...]] | None":
        """Return the node of the most literal path that `segments` match from `at` on, and its parameters' values."""
        # OpenAPI 3.1.1, 4.8.8.3: a concrete path goes before a templated one, whatever the method.
        if at == len(segments):
            return (self, values) if self.endpoints else None
        segment = segments[at]
        node = self.literal.get(segment)
        if node is not None and (leaf := node.find(segments, at + 1, values)) is not None:
            return leaf
        for pattern, mixed in self.mixed.items():
            match = pattern.fullmatch(segment)
            if match and (leaf := mixed.find(segments, at + 1, values + match.groups())) is not None:
                return leaf
        if self.whole is None or not segment:
            return None
        return self.whole.find(segments, at + 1, (*values, segment))

    def named(self, values: Sequence[str]) -> Mapping[str, str]:
        """Return the path parameters by their names."""
        return dict(zip(self.names, values, strict=True))


def _segments(scope: Scope) -> list[str]:
    """Return the segments of a path; a slash that was sent as %2F is part of one, such as of a task's id."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        path: str = scope["path"]
        return path.split("/")
    return [unquote(segment) for segment in raw.partition(b"?")[0].decode("latin-1").split("/")]


def _segment_pattern(piece: str) -> str:
    return "(.+)" if _PARAMETER.fullmatch(piece) else re.escape(piece)


@dataclass(frozen=True, slots=True)
class NearOperation:
    """An operation that was perhaps meant; `difference` says where the path differs from the operation's."""

    operation: Operation
    difference: str

    def __str__(self) -> str:
        return f"{self.operation.method} {self.operation.path}{self.difference}"


def nearest(operations: Sequence[Operation], method: str, path: str, most: int = 3) -> list[NearOperation]:
    """Return at most so many operations with similar paths, the most similar first, ties by the same method first."""
    scored = [(_similarity(path, each.path), each.method == method, each) for each in operations]
    near = sorted((each for each in scored if each[0] >= 0.5), key=lambda each: each[:2], reverse=True)
    return [NearOperation(each, _difference(path, each.path) or _OTHER_METHOD) for _, _, each in near[:most]]


def _similarity(path: str, template: str) -> float:
    """Return how similar a path and a template are, segment by segment, from 0 to 1."""
    sent, wanted = path.strip("/").split("/"), template.strip("/").split("/")
    total = sum(_segment_similarity(*pair) for pair in zip(sent, wanted, strict=False))
    return total / max(len(sent), len(wanted))


def _segment_similarity(sent: str, wanted: str) -> float:
    if _PARAMETER.fullmatch(wanted):
        return 0.9 if sent else 0.0
    return SequenceMatcher(None, sent[:100], wanted).ratio()


def _difference(path: str, template: str) -> str:
    """Return where a path differs: " (differs at 'task')", " (lacks 'x')" or " (goes on with 'x')"."""
    if path != "/" and path.endswith("/"):
        return " (without the slash at the end)"
    sent, wanted = path.strip("/").split("/"), template.strip("/").split("/")
    for segment, expected in zip(sent, wanted, strict=False):
        if not _PARAMETER.fullmatch(expected) and segment != expected:
            return f" (differs at '{segment[:100]}')"
    if len(sent) < len(wanted):
        return f" (lacks '{'/'.join(wanted[len(sent) :])}')"
    if len(sent) > len(wanted):
        return f" (goes on with '{'/'.join(sent[len(wanted) :])[:100]}')"
    return ""
