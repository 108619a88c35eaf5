"""Routes made from a contract's operations, and what to say when none of them matches."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from starlette.routing import BaseRoute, Match, NoMatchFound, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.contract.spec import Operation
from emulator.errors import EmulatorError
from emulator.web.exchange import Reply

_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")
ErrorReply = Callable[[EmulatorError], Reply]


class MethodNotAllowed(EmulatorError):
    """A path that is there, by a method that it lacks. In FastAPI's words."""

    status = 405


class NoSuchOperation(EmulatorError):
    """A path that no operation has."""

    status = 404


class PathRoute(BaseRoute):
    """All operations of one path; a method that it lacks is answered 405 with those that it has."""

    def __init__(self, path: str, endpoints: Mapping[str, ASGIApp], error: ErrorReply) -> None:
        self.path = path
        self._endpoints = endpoints
        self._error = error
        self._names = _PARAMETER.findall(path)
        # A parameter's name may be anything in OpenAPI, an identifier in Starlette: they are numbered.
        numbered = iter(range(len(self._names)))
        self._regex = compile_path(_PARAMETER.sub(lambda _: f"{{p{next(numbered)}}}", path))[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match path and method; a path alone is a partial match."""
        found = self._regex.match(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            return Match.NONE, {}
        child = {"path_params": dict(zip(self._names, found.groups(), strict=True))}
        return (Match.FULL if scope["method"] in self._endpoints else Match.PARTIAL), child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the operation of this method."""
        endpoint = self._endpoints.get(scope["method"])
        if endpoint is not None:
            await endpoint(scope, receive, send)
            return
        allow = ", ".join(sorted(self._endpoints)).encode()
        await self._error(MethodNotAllowed("Method Not Allowed")).send(send, ((b"allow", allow),))

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Nothing here is looked up by name."""
        raise NoMatchFound(name, path_params)


def path_routes(endpoints: Iterable[tuple[Operation, ASGIApp]], error: ErrorReply) -> list[PathRoute]:
    """Return a route for each path, in the order in which the operations come; `error` words a 405."""
    by_path: dict[str, dict[str, ASGIApp]] = {}
    for operation, endpoint in endpoints:
        by_path.setdefault(operation.path, {})[operation.method] = endpoint
    return [PathRoute(path, methods, error) for path, methods in by_path.items()]


class NoOperation:
    """Answers what no operation matches, naming the nearest one."""

    def __init__(self, operations: Sequence[Operation], error: ErrorReply) -> None:
        self._operations = operations
        self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404."""
        method, path = scope["method"], scope["path"]
        message = f"No operation matches {method} {path}.{self.nearest(method, path)}"
        await self._error(NoSuchOperation(message)).send(send)

    def nearest(self, method: str, path: str) -> str:
        """Return " Nearest: …" with the operation whose path is most alike, and where it differs."""
        scored = max(
            ((_likeness(path, each.path), each.method == method, each) for each in self._operations),
            key=lambda each: each[:2],
            default=None,
        )
        if scored is None or scored[0] < 0.5:
            return ""
        near = scored[2]
        return f" Nearest: {near.method} {near.path}{_difference(path, near.path)}."


def _likeness(path: str, template: str) -> float:
    """Return how alike a path and a template are, part by part, from 0 to 1."""
    sent, wanted = path.strip("/").split("/"), template.strip("/").split("/")
    alike = sum(_part_likeness(*pair) for pair in zip(sent, wanted, strict=False))
    return alike / max(len(sent), len(wanted))


def _part_likeness(sent: str, wanted: str) -> float:
    if _PARAMETER.fullmatch(wanted):
        return 0.9 if sent else 0.0
    return SequenceMatcher(None, sent[:100], wanted).ratio()


def _difference(path: str, template: str) -> str:
    """Return where a path leaves a template: " (differs at 'task')", " (lacks 'x')", or " (goes on with 'x')"."""
    if path != "/" and path.endswith("/"):
        return " (without the slash at the end)"
    sent, wanted = path.strip("/").split("/"), template.strip("/").split("/")
    for found, part in zip(sent, wanted, strict=False):
        if not _PARAMETER.fullmatch(part) and found != part:
            return f" (differs at '{found[:100]}')"
    if len(sent) < len(wanted):
        return f" (lacks '{'/'.join(wanted[len(sent) :])}')"
    if len(sent) > len(wanted):
        return f" (goes on with '{'/'.join(sent[len(wanted) :])[:100]}')"
    return ""
