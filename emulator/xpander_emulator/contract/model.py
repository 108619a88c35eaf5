"""The contract as plain values: operations with their parameters, bodies and responses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar

from xpander_emulator.errors import Diagnostic, NotFound, did_you_mean

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
URI: Final = "urn:openapi"
Derived = TypeVar("Derived")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation.

    place:   "path", "query", "header" or "cookie".
    style:   of the standard, or "json" when the parameter is described by a media type.
    pointer: of its schema in the document.
    """

    name: str
    place: str
    required: bool
    schema: Mapping[str, Any] | bool
    style: str
    explode: bool
    pointer: str


@dataclass(frozen=True, slots=True)
class MediaType:
    """A body of one media type: its schema and examples; the single `example` has the name "default".

    places: the pointers of the examples in the document, by their names.
    """

    schema_pointer: str | None
    examples: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """A header of a response; `examples` as in MediaType."""

    required: bool
    schema_pointer: str | None
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """The request body of an operation, by media type."""

    required: bool
    content: Mapping[str, MediaType]


@dataclass(frozen=True, slots=True)
class Response:
    """One response that an operation declares."""

    description: str
    content: Mapping[str, MediaType] = field(default_factory=dict)
    headers: Mapping[str, Header] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential of a request: an API key, or a value of `Authorization`.

    place:  "header", "query" or "cookie".
    name:   of the header (lower case), the query parameter or the cookie.
    scheme: of `Authorization`, "basic" or "bearer"; empty for an API key.
    """

    place: str
    name: str
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    method:    in capitals.
    responses: by "200", "4XX" or "default".
    security:  alternatives, each a set of credentials that are needed together; empty if a request needs none.
    behaviour: the `x-emulator` extension.
    pointer:   of the operation in the document.
    line:      of the operation in the file, from 1.
    """

    id: str
    method: str
    path: str
    summary: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, Response]
    security: tuple[tuple[Credential, ...], ...]
    behaviour: Mapping[str, Any]
    pointer: str
    line: int

    def response(self, status: int) -> Response | None:
        """Return the response that is declared for a status, its class ("4XX") or "default"."""
        declared = self.responses
        return declared.get(str(status)) or declared.get(f"{status // 100}XX") or declared.get("default")

    def json_schema(self, status: str) -> str | None:
        """Return the pointer of the schema of the JSON in the response that is declared under `status`, or None."""
        response = self.responses.get(status)
        media = None if response is None else response.content.get("application/json")
        return None if media is None else media.schema_pointer


@dataclass(frozen=True, eq=False)
class Contract:
    """An OpenAPI file; equal only to itself.

    warnings: what is doubtful in the file, though it is served.
    """

    document: Mapping[str, Any]
    source: str
    title: str
    version: str
    operations: tuple[Operation, ...]
    warnings: tuple[Diagnostic, ...] = ()
    _derived: dict[Callable[["Contract"], Any], Any] = field(default_factory=dict, init=False, repr=False)

    def derived(self, make: "Callable[[Contract], Derived]") -> "Derived":
        """Return what `make` makes of this contract; made at the first call, and cached as long as the contract."""
        if make not in self._derived:
            self._derived[make] = make(self)
        return self._derived[make]  # type: ignore[no-any-return]

    def operation(self, operation_id: str) -> Operation:
        """Return the operation with this id. Raises NotFound."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        hint = did_you_mean(operation_id, [operation.id for operation in self.operations])
        raise NotFound(f"{self.source} has no operation '{operation_id}'{hint}")


PATH_PARAMETER: Final = re.compile(r"\{([^{}/]+)\}")


def names_in(path: str) -> tuple[str, ...]:
    """Return the names of the parameters of a path template: `/a/{b}/c` gives `("b",)`."""
    return tuple(PATH_PARAMETER.findall(path))


def without_names(path: str) -> str:
    """Return a path template without the names of its parameters: `/a/{b}/c` gives `/a/{}/c`."""
    return PATH_PARAMETER.sub("{}", path)


def essence(media_type: str) -> str:
    """Return a media type without its parameters, in small letters (MIME Sniffing, 4.2: the essence of a type)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Return whether a media type is JSON: application/json or application/*+json."""
    name = essence(media_type)
    return name == "application/json" or (name.startswith("application/") and name.endswith("+json"))
