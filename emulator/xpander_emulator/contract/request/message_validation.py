"""Requests validated before they are handled, and responses before they are sent; violations are returned as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from xpander_emulator.common import json_codec
from xpander_emulator.common.json_syntax import find_syntax_error
from xpander_emulator.common.types import Headers, Json
from xpander_emulator.contract.extension.vocabulary import START
from xpander_emulator.contract.model import Contract, MediaType, Operation, essence, is_json
from xpander_emulator.contract.request.client_schemas import limit_violations_of_body
from xpander_emulator.contract.request.forms import FormReader, is_form
from xpander_emulator.contract.request.parameters import MISSING, ParameterReader, reader_for
from xpander_emulator.contract.request.text_bodies import PlainReader, is_plain
from xpander_emulator.contract.schema.validation import MAX_DEPTH, find_violations, is_too_deep, judge
from xpander_emulator.contract.schema.violations import Violation

_BODY: Final = ("body",)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid request.

    parameters: by name, read as their types, defaults filled in; an absent one without default is left out.
    body:       the parsed JSON or form, None for no body and for other media types.
    """

    parameters: Mapping[str, Any]
    body: Any


def media_type_of(content: Mapping[str, MediaType], sent: str) -> str | None:
    """Return the declared media type that covers the one sent, or None."""
    if sent in content:
        return sent
    name = essence(sent)
    candidates = (name, f"{name.partition('/')[0]}/*", "*/*")
    declared = {essence(each): each for each in reversed(tuple(content))}
    covering = next((declared[each] for each in candidates if each in declared), None)
    if covering is None and is_json(name):
        return next((each for each in content if is_json(each)), None)
    return covering


def body_is_acceptable(operation: Operation, content_type: str | None, body: bytes) -> bool:
    """Return whether the operation takes a body's media type; a body without content type is taken as JSON."""
    if operation.body is None or not operation.body.content or not body or content_type is None:
        return True
    return media_type_of(operation.body.content, content_type) is not None


def parse_json(body: bytes) -> Json | Violation:
    """Return the value of a JSON text, or the Violation that says where it stops being one."""
    try:
        value = json_codec.loads(body)
    except orjson.JSONDecodeError as error:
        return _json_violation(body, error)
    # Counting brackets takes a microsecond and settles almost every body.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and is_too_deep(value):
        return _invalid_json(0, f"Nested deeper than {MAX_DEPTH} levels")
    return value


def _invalid_json(offset: int, reason: str) -> Violation:
    return Violation((*_BODY, offset), "JSON decode error", "json_invalid", {}, "JSON", {"error": reason})


def _json_violation(body: bytes, refusal: orjson.JSONDecodeError) -> Violation:
    """Return the violation in FastAPI's words, which are those of the json module."""
    try:
        syntax_error = find_syntax_error(body.decode())
    except UnicodeDecodeError as error:
        return _invalid_json(error.start, "Invalid UTF-8")
    if syntax_error is not None:
        return _invalid_json(syntax_error.offset, syntax_error.reason)
    # NaN, Infinity, numbers beyond a double and lone surrogates are refused by orjson alone.
    return _invalid_json(refusal.pos, refusal.msg[:1].upper() + refusal.msg[1:])


class RequestValidator:
    """Validates the requests of one operation; everything that depends on the contract alone is computed once."""

    def __init__(self, contract: Contract, operation: Operation) -> None:
        self.contract = contract
        self.operation = operation
        readers: dict[str, dict[str, ParameterReader]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
        for parameter in operation.parameters:
            readers[parameter.place][parameter.name] = reader_for(contract, parameter)
        self._path, self._query, self._cookies = readers["path"], readers["query"], readers["cookie"]
        self._headers = {name.lower().encode("latin-1"): reader for name, reader in readers["header"].items()}
        self._path_is_text = all(reader.takes_any_text for reader in self._path.values())
        self._query_may_be_empty = not any(reader.parameter.required for reader in self._query.values())
        self._query_defaults = {n: r.default for n, r in self._query.items() if r.default is not MISSING}
        self._starts = operation.behaviour.get("action") == START
        self._content = operation.body.content if operation.body else {}
        self._schema = next((media.schema_pointer for name, media in self._content.items() if is_json(name)), None)
        self._judge = judge(contract, self._schema) if self._schema is not None else None
        # Almost every operation takes JSON alone, and need not look at the media type.
        self._is_json_alone = len(self._content) == 1 and is_json(next(iter(self._content)))
        pointers = {n: media.schema_pointer for n, media in self._content.items() if media.schema_pointer is not None}
        self._forms = {n: FormReader(contract, pointer) for n, pointer in pointers.items() if is_form(n)}
        self._plain = {n: PlainReader(contract, at) for n, at in pointers.items() if is_plain(contract, n, at)}

    def check(
        self, path: Mapping[str, str], query: bytes, headers: Headers, body: bytes
    ) -> Accepted | tuple[Violation, ...]:
        """Return the request as values, or all its violations: path, query, headers, cookies, then the body.

        path:    the template's parameters, percent-decoded.
        query:   as on the wire, without the question mark; of a repeated scalar, the last value counts.
        headers: names in lower case.
        """
        values: dict[str, Any] = {}
        violations: list[Violation] = []
        if self._path_is_text and path.keys() == self._path.keys():
            values.update(path)
        else:
            for name, reader in self._path.items():
                _take(reader, reader.from_text(path[name]) if name in path else MISSING, values, violations)
        self._take_query(query, values, violations)
        if self._headers:
            self._take_headers(headers, values, violations)
        if self._cookies:
            pairs = _cookies(headers)
            for reader in self._cookies.values():
                _take(reader, reader.from_pairs(pairs), values, violations)
        parsed = self._take_body(body, headers, violations) if self.operation.body is not None else None
        if self._starts:
            violations.extend(limit_violations_of_body(parsed, _BODY))
        return tuple(violations) if violations else Accepted(values, parsed)

    def _take_query(self, query: bytes, values: dict[str, Any], violations: list[Violation]) -> None:
        if not query and self._query_may_be_empty:
            values.update(self._query_defaults)
            return
        pairs: dict[str, list[str]] = {}
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            pairs.setdefault(name, []).append(value)
        for reader in self._query.values():
            _take(reader, reader.from_pairs(pairs), values, violations)

    def _take_headers(self, headers: Headers, values: dict[str, Any], violations: list[Violation]) -> None:
        sent: dict[bytes, list[str]] = {}
        for name, value in headers:
            if name in self._headers:
                sent.setdefault(name, []).append(value.decode("latin-1"))
        for name, reader in self._headers.items():
            # RFC 9110, 5.3: a repeated field is one list; a scalar counts by its first value, as in Starlette.
            texts = sent.get(name)
            if texts is None:
                _take(reader, MISSING, values, violations)
            else:
                text = texts[0] if reader.kind == "scalar" else ",".join(texts)
                _take(reader, reader.from_text(text), values, violations)

    def _take_body(self, body: bytes, headers: Headers, violations: list[Violation]) -> Any:
        if not body:
            if self.operation.body is not None and self.operation.body.required:
                violations.append(Violation(_BODY, "Field required", "missing", None, "a body"))
            return None
        if not self._is_json_alone:
            sent = next((value.decode("latin-1") for name, value in headers if name == b"content-type"), "")
            name = media_type_of(self._content, sent) if sent else None
            if name is not None and not is_json(sent):
                return self._take_other(name, sent, body, violations)
            if name is not None:
                return self._take_json(self._content[name].schema_pointer, body, violations)
        return self._take_json(self._schema, body, violations)

    def _take_json(self, schema: str | None, body: bytes, violations: list[Violation]) -> Any:
        if schema is None:
            return None
        value = parse_json(body)
        if isinstance(value, Violation):
            violations.append(value)
            return value
        is_valid = self._judge if schema == self._schema else judge(self.contract, schema)
        if is_valid is not None and not is_valid(value):
            violations.extend(find_violations(self.contract, schema, value, _BODY))
        return value

    def _take_other(self, name: str, content_type: str, body: bytes, violations: list[Violation]) -> Any:
        """Return a form's value; text and bytes are validated, but no handler takes them."""
        reader = self._forms.get(name) or self._plain.get(name)
        if reader is None:
            return None
        value, unreadable = reader.read(content_type, body, _BODY)
        violations.extend(unreadable or find_violations(self.contract, reader.pointer, value, _BODY))
        return value if name in self._forms else None


def _take(reader: ParameterReader, raw: Any, values: dict[str, Any], violations: list[Violation]) -> None:
    value, broken = reader.read(raw)
    violations.extend(broken)
    if value is not MISSING:
        values[reader.parameter.name] = value


def _cookies(headers: Headers) -> dict[str, list[str]]:
    jar: SimpleCookie = SimpleCookie()
    for name, value in headers:
        if name == b"cookie":
            try:
                jar.load(value.decode("latin-1"))
            except CookieError:
                continue
    return {name: [morsel.value] for name, morsel in jar.items()}


class ResponseChecker:
    """Validates responses; `strict` trusts jsonschema alone."""

    def __init__(self, contract: Contract, strict: bool) -> None:
        self.contract = contract
        self.strict = strict

    def check(self, operation: Operation, status: int, media_type: str | None, body: Any) -> tuple[Violation, ...]:
        """Return the violations of a response. `body` is bytes, or a value already parsed."""
        response = operation.response(status)
        if response is None:
            listed = ", ".join(operation.responses)
            message = f"{operation.id} declares no status {status}; declared are {listed}"
            return (Violation(("status",), message, "undeclared_status", status, f"one of {listed}"),)
        if not response.content:
            if body in (b"", None):
                return ()
            message = f"{operation.id} declares no body for status {status}"
            return (Violation(_BODY, message, "undeclared_body", body, "no body"),)
        name = media_type_of(response.content, media_type or "")
        if name is None:
            loc, expected = ("header", "content-type"), f"one of {', '.join(response.content)}"
            message = f"{operation.id} declares no {media_type or 'answer without a media type'} for status {status}"
            return (Violation(loc, message, "undeclared_media_type", media_type, expected),)
        return self._check_body(response.content[name].schema_pointer, media_type or "", body)

    def _check_body(self, pointer: str | None, media_type: str, body: Any) -> tuple[Violation, ...]:
        if pointer is None or not is_json(media_type):
            return ()
        value = parse_json(body) if isinstance(body, bytes) else body
        if isinstance(value, Violation):
            return (value,)
        if judge(self.contract, pointer, strict=self.strict)(value):
            return ()
        return find_violations(self.contract, pointer, value, _BODY)
