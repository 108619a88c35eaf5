"""What a contract says, as plain values: operations with their parameters, bodies and responses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from emulator.contract import pointers
from emulator.contract.expressions import with_known_patterns
from emulator.errors import Mistake, NotFound, did_you_mean

if TYPE_CHECKING:
    from referencing import Registry

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
URI: Final = "urn:openapi"


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
    """What a body of one media type looks like; the single `example` counts as one named "default".

    places: of the examples, by their names, as pointers into the document.
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
    """The body that an operation takes."""

    required: bool
    content: Mapping[str, MediaType]


@dataclass(frozen=True, slots=True)
class Response:
    """One answer that an operation declares."""

    description: str
    content: Mapping[str, MediaType] = field(default_factory=dict)
    headers: Mapping[str, Header] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credential:
    """Something by which a request says who sends it.

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
    security:  alternatives, each of credentials that go together; none, or an empty one, where nothing is needed.
    behaviour: the `x-emulator` extension.
    pointer:   of the operation in the document; `line` is its line in the file.
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
        """Return what is declared for a status: itself, its class ("4XX") or "default"."""
        declared = self.responses
        return declared.get(str(status)) or declared.get(f"{status // 100}XX") or declared.get("default")


@dataclass(frozen=True, eq=False)
class Contract:
    """An OpenAPI file. Equal only to itself, so that what is built from it can be kept by it."""

    document: Mapping[str, Any]
    source: str
    title: str
    version: str
    operations: tuple[Operation, ...]
    doubts: tuple[Mistake, ...] = ()
    """What is doubtful in the file, though it is served."""
    kept: dict[object, Any] = field(default_factory=dict, repr=False)
    """What others build lazily from this contract, by their own keys."""

    def operation(self, operation_id: str) -> Operation:
        """Return the operation with this id. Raises NotFound."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        hint = did_you_mean(operation_id, [operation.id for operation in self.operations])
        raise NotFound(f"{self.source} has no operation '{operation_id}'{hint}")

    def schema(self, pointer: str) -> Any:
        """Return the schema at `pointer`, a `$ref` at its top followed. Raises LookupError."""
        return pointers.look_up(self.document, pointers.target(self.document, pointer) or pointer)

    @property
    def registry(self) -> "Registry[Any]":
        """The document as `urn:openapi`, for validators with `{"$ref": "urn:openapi#/…"}`."""
        if "registry" not in self.kept:
            # Importing it costs 28 ms, which a command that only lists operations should not pay.
            from referencing import Registry
            from referencing.jsonschema import DRAFT202012

            resource = DRAFT202012.create_resource(with_known_patterns(self.document))
            self.kept["registry"] = Registry().with_resource(URI, resource)
        return self.kept["registry"]  # type: ignore[no-any-return]
