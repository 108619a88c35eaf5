"""The operations of an OpenAPI document, and the mistakes that reading them shows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.quoting import describe
from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.model import (
    NOTHING,
    PATH_PARAMETER,
    Body,
    Credential,
    Header,
    MediaType,
    Operation,
    Parameter,
    Response,
    names_in,
    without_names,
)
from xpander_emulator.errors import Diagnostic, did_you_mean

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# OpenAPI 3.1.1, 4.8.12.2: the styles of each place; the first one is the default.
STYLES: Final[Mapping[str, tuple[str, ...]]] = {
    "path": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
# Section 4.8.12.1: header parameters of these names are described elsewhere and shall be ignored.
IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
_STATUS: Final = re.compile(r"[1-5](?:\d\d|XX)|default")


def derived_id(method: str, path: str) -> str:
    """Return the id of an operation that has none: `get_v1_tasks_task_id`."""
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{method}{path}").strip("_")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else NOTHING


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _credentials(scheme: Mapping[str, Any]) -> list[Credential]:
    """Return the credentials that a security scheme needs; for OAuth 2 and OpenID Connect, a bearer token."""
    match scheme.get("type"):
        case "apiKey" if scheme.get("in") in ("header", "query", "cookie"):
            name = _text(scheme.get("name"))
            return [Credential(scheme["in"], name.lower() if scheme["in"] == "header" else name)]
        case "http":
            return [Credential("header", "authorization", _text(scheme.get("scheme")).lower())]
        case "oauth2" | "openIdConnect":
            return [Credential("header", "authorization", "bearer")]
        case _:
            return []


@dataclass(slots=True)
class OperationReader:
    """Reads the operations of one document; mistakes are collected in `diagnostics`."""

    document: Document
    diagnostics: list[Diagnostic] = field(default_factory=list)
    # The targets of references, the same few of which stand at every operation.
    _targets: dict[str, tuple[Mapping[str, Any], DocPath] | None] = field(default_factory=dict)

    def operations(self) -> tuple[Operation, ...]:
        """Return all operations in the order of the file."""
        operations = [operation for path in _mapping(self._root.get("paths")) for operation in self._of_path(path)]
        self._report_equal_ids(operations)
        self._report_equal_paths()
        return tuple(operations)

    @property
    def _root(self) -> Mapping[str, Any]:
        return _mapping(self.document.value)

    def _report(self, path: DocPath, message: str, *, key: bool = False) -> None:
        self.diagnostics.append(self.document.diagnostic(path, message, key=key))

    def _follow(self, value: Any, path: DocPath) -> tuple[Mapping[str, Any], DocPath]:
        """Return a mapping and its path, a reference followed; an empty mapping for a broken reference."""
        reference = _mapping(value).get("$ref")
        if not isinstance(reference, str):
            return _mapping(value), path
        if reference not in self._targets:
            self._targets[reference] = self._target(reference)
        return self._targets[reference] or (NOTHING, path)

    def _target(self, reference: str) -> tuple[Mapping[str, Any], DocPath] | None:
        try:
            pointer = json_pointers.target(self._root, json_pointers.resolve(self._root, reference)[0]) or ""
        except LookupError:
            return None
        return _mapping(json_pointers.look_up(self._root, pointer)), json_pointers.split(pointer)

    # --- paths ---

    def _of_path(self, template: str) -> Iterator[Operation]:
        if template.startswith("x-"):
            return
        path: DocPath = ("paths", template)
        if not template.startswith("/"):
            self._report(path, f"a path begins with '/'; found '{template}'", key=True)
        if re.search(r"[{}]", PATH_PARAMETER.sub("", template)):
            self._report(path, f"the braces of '{template}' do not pair; a parameter is written {{name}}", key=True)
        item, path = self._follow(self._root["paths"][template], path)
        for method in METHODS:
            if isinstance(item.get(method), Mapping):
                yield self._operation(template, method, item, path)

    def _operation(self, template: str, method: str, item: Mapping[str, Any], item_path: DocPath) -> Operation:
        value, path = item[method], (*item_path, method)
        operation_id = value.get("operationId")
        if operation_id is not None and not (isinstance(operation_id, str) and operation_id):
            self._report((*path, "operationId"), f"an operationId is a text; found {describe(operation_id)}")
        behaviour = value.get("x-emulator", NOTHING)
        if not isinstance(behaviour, Mapping):
            self._report((*path, "x-emulator"), f"'x-emulator' is a mapping; found {describe(behaviour)}")
        return Operation(
            id=_text(operation_id) or derived_id(method, template),
            method=method.upper(),
            path=template,
            summary=_text(value.get("summary")),
            tags=tuple(_text(tag) for tag in _list(value.get("tags"))),
            parameters=self._parameters(template, item, item_path, value, path),
            body=self._body(value, path),
            responses=self._responses(value, path),
            security=self._security(value, path),
            behaviour=_mapping(behaviour),
            pointer=json_pointers.join(*path),
            line=self.document.locate(path, key=True)[0],
        )

    def _report_equal_ids(self, operations: Sequence[Operation]) -> None:
        first: dict[str, Operation] = {}
        for operation in operations:
            twin = first.setdefault(operation.id, operation)
            if twin is not operation:
                path = (*json_pointers.split(operation.pointer), "operationId")
                message = f"the operationId '{operation.id}' is taken by {twin.method} {twin.path} on line {twin.line}"
                self._report(path, f"{message}; each operation needs its own")

    def _report_equal_paths(self) -> None:
        first: dict[str, str] = {}
        for path in _mapping(self._root.get("paths")):
            twin = first.setdefault(without_names(path), path)
            if twin != path:
                line = self.document.locate(("paths", twin), key=True)[0]
                message = f"'{path}' is the same path as '{twin}' on line {line}: they differ only in parameter names"
                self._report(("paths", path), message, key=True)

    # --- parameters ---

    def _parameters(
        self, template: str, item: Mapping[str, Any], item_path: DocPath, value: Mapping[str, Any], path: DocPath
    ) -> tuple[Parameter, ...]:
        """Return the parameters of the path item and of the operation, which override those, by OpenAPI's places."""
        shared, own = self._parameters_of(template, item, item_path), self._parameters_of(template, value, path)
        parameters = {**shared, **own}
        for name in names_in(template):
            if ("path", name) not in parameters:
                message = f"{{{name}}} in '{template}' has no definition; add a parameter with in: path, name: {name}"
                self._report(path, message, key=True)
        places = list(STYLES)
        return tuple(sorted(parameters.values(), key=lambda parameter: places.index(parameter.place)))

    def _parameters_of(
        self, template: str, owner: Mapping[str, Any], path: DocPath
    ) -> dict[tuple[str, str], Parameter]:
        """Return the parameters that stand in a path item or an operation, by place and name."""
        parameters: dict[tuple[str, str], Parameter] = {}
        for index, entry in enumerate(_list(owner.get("parameters"))):
            place: DocPath = (*path, "parameters", index)
            parameter = self._parameter(entry, place)
            if parameter is None:
                continue
            identity = (parameter.place, parameter.name)
            if identity in parameters:
                self._report(place, f"the {parameter.place} parameter '{parameter.name}' is given twice")
            if parameter.place == "path" and parameter.name not in names_in(template):
                hint = did_you_mean(parameter.name, names_in(template))
                message = f"'{template}' has no {{{parameter.name}}}, which is defined as a path parameter{hint}"
                self._report(place, message)
            parameters[identity] = parameter
        return parameters

    def _parameter(self, entry: Any, place: DocPath) -> Parameter | None:
        value, path = self._follow(entry, place)
        if not value:
            return None
        name, where = value.get("name"), value.get("in")
        if not isinstance(name, str) or not name:
            self._report(path, f"a parameter needs a name, a text; found {describe(name)}")
            return None
        if not isinstance(where, str) or where not in STYLES:
            hint = did_you_mean(where, tuple(STYLES)) if isinstance(where, str) else ""
            known = "" if hint else f"; it is one of {', '.join(STYLES)}"
            self._report((*path, "in"), f"parameter '{name}' is in {describe(where)}{known}{hint}")
            return None
        if where == "header" and name.lower() in IGNORED_HEADERS:
            return None
        required = value.get("required", False)
        if where == "path" and required is not True:
            self._report((*path, "required"), f"path parameter '{name}' must say required: true")
        schema, pointer, style = self._parameter_schema(name, value, path, where)
        explode = value.get("explode", style == "form")
        return Parameter(name, where, required is True, schema, style, explode is True, pointer)

    def _parameter_schema(
        self, name: str, value: Mapping[str, Any], path: DocPath, where: str
    ) -> tuple[Mapping[str, Any] | bool, str, str]:
        """Return the schema, its pointer and the style."""
        content = _mapping(value.get("content"))
        if content:
            media_type = next(iter(content))
            pointer = json_pointers.join(*path, "content", media_type, "schema")
            return _mapping(content[media_type]).get("schema", True), pointer, "json"
        schema = value.get("schema")
        if schema is None:
            self._report(path, f"parameter '{name}' needs a schema, or content")
        style = value.get("style", STYLES[where][0])
        if style not in STYLES[where]:
            allowed = ", ".join(STYLES[where])
            self._report((*path, "style"), f"style {describe(style)} of a {where} parameter; served are: {allowed}")
            style = STYLES[where][0]
        return schema if isinstance(schema, Mapping | bool) else True, self._schema_pointer(path), style

    # --- bodies and responses ---

    def _schema_pointer(self, owner: DocPath) -> str:
        """Return the pointer of `owner`'s schema, a bare reference followed, so that equal schemas share one."""
        pointer = json_pointers.join(*owner, "schema")
        try:
            return json_pointers.target(self._root, pointer) or pointer
        except LookupError:
            return pointer

    def _body(self, value: Mapping[str, Any], path: DocPath) -> Body | None:
        if "requestBody" not in value:
            return None
        body, path = self._follow(value["requestBody"], (*path, "requestBody"))
        return Body(body.get("required") is True, self._content(body, path))

    def _content(self, owner: Mapping[str, Any], path: DocPath) -> Mapping[str, MediaType]:
        content = _mapping(owner.get("content"))
        return {name: self._media_type(_mapping(value), (*path, "content", name)) for name, value in content.items()}

    def _media_type(self, value: Mapping[str, Any], path: DocPath) -> MediaType:
        pointer = self._schema_pointer(path) if "schema" in value else None
        return MediaType(pointer, *self._examples(value, path))

    def _examples(self, value: Mapping[str, Any], path: DocPath) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """Return the examples of an object by their names, and the pointers of these examples."""
        examples, places = {}, {}
        if "example" in value:
            examples["default"], places["default"] = value["example"], json_pointers.join(*path, "example")
        for name, entry in _mapping(value.get("examples")).items():
            example, place = self._follow(entry, (*path, "examples", name))
            if "value" in example:
                examples[name], places[name] = example["value"], json_pointers.join(*place, "value")
        return examples, places

    def _responses(self, value: Mapping[str, Any], path: DocPath) -> Mapping[str, Response]:
        declared = _mapping(value.get("responses"))
        if not declared:
            place = (*path, "responses") if "responses" in value else path
            self._report(place, "an operation needs responses; declare at least one", key=True)
        responses = {}
        for status, entry in declared.items():
            if status.startswith("x-"):
                continue
            place = (*path, "responses", status)
            if not _STATUS.fullmatch(status):
                self._report(place, f"'{status}' is no status; write 200, a class such as 4XX, or default", key=True)
            responses[status] = self._response(*self._follow(entry, place))
        return responses

    def _response(self, value: Mapping[str, Any], path: DocPath) -> Response:
        headers = {}
        for name, entry in _mapping(value.get("headers")).items():
            header, place = self._follow(entry, (*path, "headers", name))
            pointer = self._schema_pointer(place) if "schema" in header else None
            headers[name] = Header(header.get("required") is True, pointer, self._examples(header, place)[0])
        return Response(_text(value.get("description")), self._content(value, path), headers)

    # --- security ---

    def _security(self, value: Mapping[str, Any], path: DocPath) -> tuple[tuple[Credential, ...], ...]:
        owner: DocPath = path if "security" in value else ()
        requirements = _list(value.get("security", self._root.get("security")))
        schemes = _mapping(_mapping(self._root.get("components")).get("securitySchemes"))
        alternatives: list[tuple[Credential, ...]] = []
        for index, requirement in enumerate(requirements):
            together: list[Credential] = []
            for name in _mapping(requirement):
                if name not in schemes:
                    message = f"the security scheme '{name}' is not defined{did_you_mean(name, tuple(schemes))}"
                    self._report((*owner, "security", index, name), message, key=True)
                scheme, _ = self._follow(schemes.get(name), ("components", "securitySchemes", name))
                together += _credentials(scheme)
            alternatives.append(tuple(together))
        return () if () in alternatives else tuple(alternatives)
