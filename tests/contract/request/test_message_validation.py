"""Requests and answers held against a contract."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.samples import contract_of, contract_with, ours
from xpander_emulator.contract.model import Contract, MediaType
from xpander_emulator.contract.request.message_validation import (
    Accepted,
    RequestValidator,
    ResponseChecker,
    body_is_acceptable,
    media_type_of,
)
from xpander_emulator.contract.schema.validation import MAX_DEPTH, find_violations, judge
from xpander_emulator.contract.schema.violations import Violation

OURS = ours()
NODE = {"type": "object", "properties": {"child": {"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "null"}]}}}


def body_details(schema: Any, sent: Any) -> list[tuple[str, str, str]]:
    """Return (loc, msg, type) of what is wrong with a body."""
    contract = contract_with(S=schema)
    found = find_violations(contract, "/components/schemas/S", sent, ("body",))
    assert judge(contract, "/components/schemas/S")(sent) == (not found)
    return [(".".join(map(str, each.loc[1:])), each.msg, each.type) for each in found]


TEXT = {"type": "string"}
USER = {"type": "object", "required": ["email"], "properties": {"email": TEXT, "age": {"type": "integer"}}}
BODIES: list[tuple[Any, Any, list[tuple[str, str, str]]]] = [
    (TEXT, "a", []),
    (TEXT, 3, [("", "Input should be a valid string", "string_type")]),
    ({"type": "integer"}, "3", [("", "Input should be a valid integer", "int_type")]),
    ({"type": "integer"}, True, [("", "Input should be a valid integer", "int_type")]),
    ({"type": "integer"}, 3.0, []),
    ({"type": "integer"}, 3.5,
     [("", "Input should be a valid integer, got a number with a fractional part", "int_from_float")]),
    ({"type": "number"}, "x", [("", "Input should be a valid number", "float_type")]),
    ({"type": "boolean"}, 1, [("", "Input should be a valid boolean", "bool_type")]),
    ({"type": "array"}, {}, [("", "Input should be a valid list", "list_type")]),
    ({"type": "object"}, [], [("", "Input should be a valid dictionary", "dict_type")]),
    (USER, None,
     [("", "Input should be a valid dictionary or object to extract fields from", "model_attributes_type")]),
    ({"type": "null"}, 0, [("", "Input should be None", "none_required")]),
    ({"type": ["string", "null"]}, 3, [("", "Input should be a valid string", "string_type")]),
    ({"type": ["string", "null"]}, None, []),
    ({"type": ["string", "integer"]}, [],
     [("", "Input should be a valid string", "string_type"), ("", "Input should be a valid integer", "int_type")]),
    (USER, {}, [("email", "Field required", "missing")]),
    (USER, {"email": "a", "more": 1}, []),
    ({**USER, "additionalProperties": False}, {"email": "a", "x": 1, "y": 2},
     [("x", "Extra inputs are not permitted", "extra_forbidden"),
      ("y", "Extra inputs are not permitted", "extra_forbidden")]),
    ({"enum": ["a", "b", "c"]}, "d", [("", "Input should be 'a', 'b' or 'c'", "enum")]),
    ({"enum": ["a"]}, 1, [("", "Input should be 'a'", "enum")]),
    ({"enum": ["a", None]}, 1, [("", "Input should be 'a'", "enum")]),
    ({"const": "x"}, "y", [("", "Input should be 'x'", "literal_error")]),
    ({"minimum": 1}, 0, [("", "Input should be greater than or equal to 1", "greater_than_equal")]),
    ({"maximum": 1}, 2, [("", "Input should be less than or equal to 1", "less_than_equal")]),
    ({"exclusiveMinimum": 1}, 1, [("", "Input should be greater than 1", "greater_than")]),
    ({"exclusiveMaximum": 1}, 1, [("", "Input should be less than 1", "less_than")]),
    ({"multipleOf": 3}, 4, [("", "Input should be a multiple of 3", "multiple_of")]),
    ({"minLength": 2}, "a", [("", "String should have at least 2 characters", "string_too_short")]),
    ({"minLength": 1}, "", [("", "String should have at least 1 character", "string_too_short")]),
    ({"maxLength": 2}, "abc", [("", "String should have at most 2 characters", "string_too_long")]),
    ({"pattern": "^a"}, "b", [("", "String should match pattern '^a'", "string_pattern_mismatch")]),
    ({"minItems": 2}, [1], [("", "List should have at least 2 items after validation, not 1", "too_short")]),
    ({"maxItems": 1}, [1, 2], [("", "List should have at most 1 item after validation, not 2", "too_long")]),
    ({"minProperties": 1}, {},
     [("", "Dictionary should have at least 1 item after validation, not 0", "too_short")]),
    ({"maxProperties": 0}, {"a": 1},
     [("", "Dictionary should have at most 0 items after validation, not 1", "too_long")]),
    ({"uniqueItems": True}, [1, 1], [("", "Value error, the items should be unique", "value_error")]),
    ({"format": "date-time"}, "2026-01-01T00:00:00", [("", "Input should be a valid datetime", "datetime_parsing")]),
    ({"format": "uuid"}, "x", [("", "Input should be a valid UUID", "uuid_parsing")]),
    ({"format": "uri"}, "/a", [("", "Input should be a valid URL", "url_parsing")]),
    ({"format": "email"}, "a", [("", "value is not a valid email address", "value_error")]),
    ({"format": "hostname"}, "-", [("", "Value error, not in the format 'hostname'", "value_error")]),
    ({"format": "of-our-own"}, "-", []),
    ({"items": TEXT}, ["a", 1, "b", 2],
     [("1", "Input should be a valid string", "string_type"), ("3", "Input should be a valid string", "string_type")]),
    ({"anyOf": [TEXT, {"type": "null"}]}, 3, [("", "Input should be a valid string", "string_type")]),
    ({"anyOf": [{"minLength": 2, **TEXT}, {"type": "null"}]}, "a",
     [("", "String should have at least 2 characters", "string_too_short")]),
    ({"properties": {"user": {"anyOf": [USER, {"type": "null"}]}}}, {"user": {"age": "x"}},
     [("user.email", "Field required", "missing"), ("user.age", "Input should be a valid integer", "int_type")]),
    ({"anyOf": [TEXT, {"type": "integer"}]}, [],
     [("", "Input should be a valid string", "string_type"), ("", "Input should be a valid integer", "int_type")]),
    ({"oneOf": [{"properties": {"t": {"const": "a"}, "n": TEXT}, "required": ["n"]},
                {"properties": {"t": {"const": "b"}}, "required": ["m", "k"]}]}, {"t": "b"},
     [("m", "Field required", "missing"), ("k", "Field required", "missing")]),
    ({"oneOf": [{"minimum": 1}, {"maximum": 5}]}, 3,
     [("", "Value error, Input should match exactly one of the alternatives, and matches several", "value_error")]),
    ({"allOf": [{"required": ["a"]}, {"required": ["b"]}]}, {},
     [("a", "Field required", "missing"), ("b", "Field required", "missing")]),
    ({"not": TEXT}, "a", [("", "Value error, 'a' should not be valid under {'type': 'string'}", "value_error")]),
    (False, 1, [("", "Value error, nothing is allowed here", "value_error")]),
    ({"properties": {"a": TEXT, "b": TEXT}, "required": ["z", "a"]}, {"b": 1, "q": 0},
     [("z", "Field required", "missing"), ("a", "Field required", "missing"),
      ("b", "Input should be a valid string", "string_type")]),
    ({"properties": {"a": TEXT, "b": TEXT}}, {"b": 1, "a": 1},
     [("b", "Input should be a valid string", "string_type"), ("a", "Input should be a valid string", "string_type")]),
    (NODE, {"child": {"child": 3}},
     [("child.child", "Input should be a valid dictionary or object to extract fields from", "model_attributes_type")]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "sent", "wanted"), BODIES)
def test_a_wrong_body_is_told_in_the_words_of_pydantic(
    schema: Any, sent: Any, wanted: list[tuple[str, str, str]]
) -> None:
    assert body_details(schema, sent) == wanted


# --- requests ---

SEARCH = contract_of("""\
paths:
  /items/{shelf}:
    parameters: [{name: shelf, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: search
      parameters:
      - {name: page, in: query, schema: {type: integer, minimum: 1, default: 1}}
      - {name: size, in: query, schema: {type: number}}
      - {name: deep, in: query, schema: {type: boolean}}
      - {name: q, in: query, schema: {anyOf: [{type: string}, {type: 'null'}]}}
      - {name: n, in: query, schema: {anyOf: [{type: integer}, {type: 'null'}]}}
      - {name: ids, in: query, schema: {type: array, items: {type: integer}}}
      - {name: tags, in: query, explode: false, schema: {type: array, items: {type: string}, maxItems: 2}}
      - {name: bars, in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {type: string}}}
      - {name: range, in: query, style: deepObject, schema: {type: object, properties: {low: {type: integer}}}}
      - {name: filter, in: query, content: {application/json: {schema: {type: object, required: [a]}}}}
      - {name: X-Count, in: header, schema: {type: integer}}
      - {name: X-List, in: header, schema: {type: array, items: {type: string}}}
      - {name: session, in: cookie, schema: {type: string, minLength: 2}}
      responses: {"200": {description: ok}}
    put:
      operationId: put
      parameters: [{name: must, in: query, required: true, schema: {type: string}}]
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [a], properties: {a: {type: string}}}}}
      responses: {"200": {description: ok}}
    patch:
      operationId: patch
      requestBody: {content: {application/merge-patch+json: {schema: {type: object}}}}
      responses: {"200": {description: ok}}
""")


def ask(
    operation: str, query: str = "", body: bytes = b"", shelf: str = "1", headers: tuple[tuple[str, str], ...] = ()
) -> Accepted | tuple[Violation, ...]:
    validator = RequestValidator(SEARCH, SEARCH.operation(operation))
    return validator.check(
        {"shelf": shelf}, query.encode(), [(n.lower().encode(), v.encode()) for n, v in headers], body
    )


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {"page": 1}),
        ("page=2", {"page": 2}),
        ("page=2&page=3", {"page": 3}),
        ("page=%2B4", {"page": 4}),
        ("page=4.0&unknown=1", {"page": 4}),
        ("size=1.5", {"page": 1, "size": 1.5}),
        ("size=1e3", {"page": 1, "size": 1000.0}),
        ("deep=True", {"page": 1, "deep": True}),
        ("deep=off", {"page": 1, "deep": False}),
        ("q=", {"page": 1, "q": ""}),
        ("q=a%20b+c", {"page": 1, "q": "a b c"}),
        ("q=%C3%A9", {"page": 1, "q": "é"}),
        ("n=7", {"page": 1, "n": 7}),
        ("ids=1&ids=2", {"page": 1, "ids": [1, 2]}),
        ("tags=a,b", {"page": 1, "tags": ["a", "b"]}),
        ("bars=a|b", {"page": 1, "bars": ["a", "b"]}),
        ("range[low]=3&range[x]=y", {"page": 1, "range": {"low": 3, "x": "y"}}),
        ('filter={"a":1}', {"page": 1, "filter": {"a": 1}}),
    ],
)
def test_a_query_is_read_as_the_types_of_its_parameters(query: str, wanted: dict[str, Any]) -> None:
    assert ask("search", query) == Accepted({"shelf": 1, **wanted}, None)


@pytest.mark.parametrize(
    ("query", "loc", "message", "kind", "sent"),
    [
        ("page=x", ("query", "page"), "Input should be a valid integer, unable to parse string as an integer",
         "int_parsing", "x"),
        ("page=", ("query", "page"), "Input should be a valid integer, unable to parse string as an integer",
         "int_parsing", ""),
        ("n=x", ("query", "n"), "Input should be a valid integer, unable to parse string as an integer",
         "int_parsing", "x"),
        ("page=0", ("query", "page"), "Input should be greater than or equal to 1", "greater_than_equal", "0"),
        ("size=nan", ("query", "size"), "Input should be a valid number, unable to parse string as a number",
         "float_parsing", "nan"),
        ("deep=maybe", ("query", "deep"), "Input should be a valid boolean, unable to interpret input",
         "bool_parsing", "maybe"),
        ("ids=1&ids=x", ("query", "ids", 1), "Input should be a valid integer, unable to parse string as an integer",
         "int_parsing", "x"),
        ("tags=a,b,c", ("query", "tags"), "List should have at most 2 items after validation, not 3", "too_long",
         ["a", "b", "c"]),
        ("range[low]=x", ("query", "range", "low"),
         "Input should be a valid integer, unable to parse string as an integer", "int_parsing", "x"),
        ("filter={}", ("query", "filter", "a"), "Field required", "missing", {}),
        ("filter={", ("query", "filter"), "JSON decode error", "json_invalid", "{"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_told_with_its_place(
    query: str, loc: tuple[str | int, ...], message: str, kind: str, sent: object
) -> None:
    found = ask("search", query)

    assert isinstance(found, tuple)
    assert [(each.loc, each.msg, each.type, each.input) for each in found] == [(loc, message, kind, sent)]


def test_headers_and_cookies_are_read_as_well() -> None:
    headers = (("X-Count", "3"), ("X-List", "a, b"), ("X-List", "c"), ("Cookie", "session=abc; other=1"))

    found = ask("search", headers=headers)

    wanted = {"shelf": 1, "page": 1, "X-Count": 3, "X-List": ["a", "b", "c"], "session": "abc"}
    assert found == Accepted(wanted, None)


def test_all_violations_come_in_the_order_path_query_header_cookie() -> None:
    found = ask("search", "page=0", shelf="x", headers=(("Cookie", "session=a"), ("X-Count", "y")))

    assert isinstance(found, tuple)
    assert [each.pointer for each in found] == ["/path/shelf", "/query/page", "/header/X-Count", "/cookie/session"]


def test_what_is_missing_is_told_for_parameters_and_body_alike() -> None:
    found = ask("put")

    assert isinstance(found, tuple)
    assert [each.as_detail() for each in found] == [
        {"type": "missing", "loc": ["query", "must"], "msg": "Field required", "input": None},
        {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None},
    ]


def test_a_detail_has_fastapi_s_keys_in_fastapi_s_order() -> None:
    (found,) = find_violations(contract_with(S={"enum": ["a"]}), "/components/schemas/S", "b", ("body",))

    assert list(found.as_detail().items()) == [
        ("type", "enum"),
        ("loc", ["body"]),
        ("msg", "Input should be 'a'"),
        ("input", "b"),
        ("ctx", {"expected": "'a'"}),
    ]
    assert found.expected == "'a'"


@pytest.mark.parametrize(
    ("body", "offset", "reason"),
    [
        (b'{"a":1,}', 7, "Expecting property name enclosed in double quotes"),
        (b'{"a":x}', 5, "Expecting value"),
        (b"[", 1, "Expecting value"),
        (b"{} x", 3, "Extra data"),
        (b"[NaN]", 1, "Unexpected character, expected a JSON value"),
        (b"[-Infinity]", 2, None),
        (b'{"a":"\xff"}', 6, "Invalid UTF-8"),
        (b'"\\ud800"', 1, "No low surrogate in string"),
        (b"[1e999]", 1, "Number is infinity when parsed as double"),
        (b"[" * 5000, None, "Depth limit exceeded"),
        (b"1" * 5000, None, "Number is infinity when parsed as double"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), 0, f"Nested deeper than {MAX_DEPTH} levels"),
    ],
)
def test_what_is_no_json_is_told_with_its_offset(body: bytes, offset: int | None, reason: str | None) -> None:
    found = ask("put", "must=1", body)

    assert isinstance(found, tuple)
    assert [(each.type, each.msg, each.input, each.pointer) for each in found] == [
        ("json_invalid", "JSON decode error", {}, "/body")
    ]
    assert offset is None or found[0].loc == ("body", offset)
    assert reason is None or found[0].context == {"error": reason}


def test_the_deepest_body_allowed_is_explained_without_running_out_of_stack() -> None:
    contract = contract_with(S=NODE)
    sent: Any = 3
    for _ in range(MAX_DEPTH):
        sent = {"child": sent}

    def deep(frames: int) -> tuple[Violation, ...]:
        return deep(frames - 1) if frames else find_violations(contract, "/components/schemas/S", sent, ("body",))

    found = deep(150)

    assert [len(each.loc) for each in found] == [MAX_DEPTH + 1]
    assert sys.getrecursionlimit() <= 1000


def test_of_a_duplicate_key_the_last_wins() -> None:
    found = ask("put", "must=1", b'{"a": 1, "a": "x"}')

    assert isinstance(found, Accepted)
    assert found.body == {"a": "x"}


def test_an_optional_body_may_be_absent_and_no_body_is_read_where_none_is_declared() -> None:
    assert ask("patch") == Accepted({"shelf": 1}, None)
    assert ask("search", body=b"not json") == Accepted({"shelf": 1, "page": 1}, None)
    assert ask("patch", body=b'{"x": 1}') == Accepted({"shelf": 1}, {"x": 1})


@pytest.mark.parametrize(
    ("operation", "content_type", "body", "wanted"),
    [
        ("put", "application/json", b"{}", True),
        ("put", "Application/JSON; charset=utf-8", b"{}", True),
        ("put", "application/vnd.x+json", b"{}", True),
        ("put", "text/plain", b"{}", False),
        ("put", "application/jsonp", b"{}", False),
        ("put", "", b"{}", False),
        ("put", None, b"{}", True),
        ("put", "text/plain", b"", True),
        ("patch", "application/json", b"{}", True),
        ("search", "text/plain", b"x", True),
    ],
)
def test_a_body_s_media_type_is_judged(operation: str, content_type: str | None, body: bytes, wanted: bool) -> None:
    assert body_is_acceptable(SEARCH.operation(operation), content_type, body) is wanted


# --- our own contract ---

# The request of the documentation's page, with its empty strings and nulls.
PAGE_REQUEST: dict[str, Any] = {
    "input": {"text": "", "files": [], "user": None},
    "id": None,
    "payload_extension": None,
    "parent_execution_id": None,
    "worker_id": "",
    "source": "",
    "output_format": None,
    "output_schema": None,
    "run_locally": False,
    "additional_context": "",
    "events_streaming": False,
    "mcp_servers": [],
    "think_mode": "default",
    "user_tokens": {},
    "return_metrics": False,
    "something_unknown": [1],
}


def invoke(body: Any) -> Accepted | tuple[Violation, ...]:
    validator = RequestValidator(OURS, OURS.operation("invokeWorkflowAsync"))
    return validator.check({"workflow_id": "w"}, b"", [], json.dumps(body).encode())


def test_the_page_s_own_request_is_accepted_as_it_stands() -> None:
    assert invoke(PAGE_REQUEST) == Accepted({"workflow_id": "w"}, PAGE_REQUEST)


def test_a_wrong_invocation_is_told_in_document_order() -> None:
    found = invoke({"output_format": "pdf", "input": {"text": 1, "user": {"id": 3}}})

    assert isinstance(found, tuple)
    assert [(each.pointer, each.type) for each in found] == [
        ("/body/output_format", "enum"),
        ("/body/input/text", "string_type"),
        ("/body/input/user/email", "missing"),
        ("/body/input/user/id", "string_type"),
    ]


_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=3),
    st.sampled_from(["text", "json", "harder", "a@b.c"]),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
)
_USERS = st.fixed_dictionaries({}, optional={"email": _SCALARS, "id": _SCALARS, "role": _SCALARS, "x": _VALUES})
_INPUTS = st.fixed_dictionaries({}, optional={"text": _SCALARS, "files": _VALUES, "user": _USERS | _SCALARS})
_REQUESTS = st.fixed_dictionaries(
    {}, optional={"input": _INPUTS | _VALUES, **dict.fromkeys([key for key in PAGE_REQUEST if key != "input"], _VALUES)}
)


@given(_REQUESTS | _VALUES)
def test_both_validators_agree_on_any_request(body: Any) -> None:
    media = OURS.operation("invokeWorkflowAsync").body
    assert media is not None
    pointer = media.content["application/json"].schema_pointer
    assert pointer is not None

    quick = quick_judge(OURS, pointer)(body)

    assert quick == judge(OURS, pointer, strict=True)(body) == (not find_violations(OURS, pointer, body, ("body",)))


def quick_judge(contract: Contract, pointer: str) -> Any:
    from xpander_emulator.contract.schema.validation import _Validators

    return _Validators(contract)._quick(pointer) or pytest.skip("jsonschema-rs is not installed")


@pytest.mark.parametrize(("schema", "sent", "wanted"), BODIES)
def test_both_validators_agree_on_every_keyword(schema: Any, sent: Any, wanted: list[object]) -> None:
    assert quick_judge(contract_with(S=schema), "/components/schemas/S")(sent) is (not wanted)


# --- answers ---


@pytest.mark.parametrize("strict", [True, False])
def test_an_answer_that_keeps_the_contract_has_no_violation(strict: bool) -> None:
    checker = ResponseChecker(OURS, strict)

    assert checker.check(OURS.operation("getHealth"), 200, "application/json", b'"ok"') == ()
    assert checker.check(OURS.operation("deleteTask"), 204, None, b"") == ()
    body = {"detail": [{"loc": ["body", 0], "msg": "m", "type": "t"}]}
    assert checker.check(OURS.operation("getTask"), 422, "application/json; charset=utf-8", body) == ()


def test_an_answer_that_breaks_the_contract_is_explained() -> None:
    checker = ResponseChecker(OURS, strict=False)

    found = checker.check(OURS.operation("getTask"), 422, "application/json", b'{"detail": [{"loc": ["body"]}]}')

    assert [(each.pointer, each.type) for each in found] == [
        ("/body/detail/0/msg", "missing"),
        ("/body/detail/0/type", "missing"),
    ]


def test_an_undeclared_status_media_type_or_body_is_a_violation() -> None:
    checker = ResponseChecker(SEARCH, strict=False)
    delete = OURS.operation("deleteTask")

    (status,) = checker.check(SEARCH.operation("put"), 418, None, b"")
    (body,) = checker.check(SEARCH.operation("put"), 200, "text/plain", b"x")
    (media,) = ResponseChecker(OURS, strict=False).check(delete, 404, "text/html", b"x")
    (broken,) = ResponseChecker(OURS, strict=False).check(delete, 404, "application/json", b"x")

    assert status.msg == "put declares no status 418; declared are 200"
    assert body.msg == "put declares no body for status 200"
    assert media.msg == "deleteTask declares no text/html for status 404"
    assert broken.type == "json_invalid"


OBJECTS = contract_of("""\
paths:
  /a/{point}:
    get:
      operationId: draw
      parameters:
      - {name: point, in: path, required: true, schema: {$ref: '#/components/schemas/Point'}}
      - {name: to, in: query, schema: {$ref: '#/components/schemas/Point'}}
      - {name: via, in: query, explode: false, schema: {$ref: '#/components/schemas/Point'}}
      - {name: mode, in: query, schema: {enum: [1, 2]}}
      - {name: X-At, in: header, explode: true, schema: {$ref: '#/components/schemas/Point'}}
      responses: {"200": {description: ok}}
components:
  schemas: {Point: {type: object, properties: {x: {type: integer}, y: {type: integer}}}}
""")


def test_objects_are_read_in_each_style() -> None:
    validator = RequestValidator(OBJECTS, OBJECTS.operation("draw"))

    found = validator.check({"point": "x,1,y,2"}, b"x=3&via=y,4&mode=2", [(b"x-at", b"x=5,y=6")], b"")

    point = {"point": {"x": 1, "y": 2}, "to": {"x": 3}, "via": {"y": 4}, "mode": 2, "X-At": {"x": 5, "y": 6}}
    assert found == Accepted(point, None)


STYLES = contract_of("""\
paths:
  /a/{ids}:
    get:
      operationId: styles
      parameters:
      - {name: ids, in: path, required: true, schema: {type: array, items: {type: integer}}}
      - {name: bars, in: query, style: pipeDelimited, schema: {type: array, items: {type: integer}}}
      - {name: gaps, in: query, style: spaceDelimited, schema: {type: array, items: {type: integer}}}
      - {name: each, in: query, style: pipeDelimited, explode: true, schema: {type: array, items: {type: string}}}
      - {name: piped, in: query, style: pipeDelimited, schema: {$ref: '#/components/schemas/Point'}}
      - {name: deep, in: query, style: deepObject, explode: true, schema: {$ref: '#/components/schemas/Point'}}
      responses: {"200": {description: ok}}
components:
  schemas: {Point: {type: object, properties: {x: {type: integer}, marks: {type: array, items: {type: integer}}}}}
""")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("bars=1|2", {"bars": [1, 2]}),
        ("bars=1%7C2", {"bars": [1, 2]}),
        ("gaps=1%202", {"gaps": [1, 2]}),
        ("gaps=1+2", {"gaps": [1, 2]}),
        ("each=a|b&each=c", {"each": ["a|b", "c"]}),
        ("piped=x|4", {"piped": {"x": 4}}),
        ("deep[x]=4&deep%5Bmarks%5D=1&deep[marks]=2", {"deep": {"x": 4, "marks": [1, 2]}}),
    ],
)
def test_lists_and_objects_are_read_in_each_style_of_the_query(query: str, wanted: dict[str, Any]) -> None:
    validator = RequestValidator(STYLES, STYLES.operation("styles"))

    assert validator.check({"ids": "1,2"}, query.encode(), [], b"") == Accepted({"ids": [1, 2], **wanted}, None)


def test_a_wrong_item_of_a_list_in_an_object_is_told_with_its_place() -> None:
    found: Any = RequestValidator(STYLES, STYLES.operation("styles")).check({"ids": "1"}, b"deep[marks]=x", [], b"")

    assert [each.loc for each in found] == [("query", "deep", "marks", 0)]


def test_a_pattern_that_only_python_knows_is_judged_by_jsonschema_alone() -> None:
    contract = contract_with(S={"pattern": r"^(?P<a>x|y)(?P=a)\Z"})

    is_valid = judge(contract, "/components/schemas/S")

    assert [text for text in ("xx", "yy", "xy", "xx\n") if is_valid(text)] == ["xx", "yy"]


@pytest.mark.parametrize(
    ("declared", "sent", "wanted"),
    [
        (("text/*", "*/*"), "text/plain; charset=utf-8", "text/*"),
        (("text/*", "*/*"), "image/png", "*/*"),
        (("text/*", "text/plain"), "Text/Plain", "text/plain"),
        (("text/*",), "image/text", None),
        (("application/json", "application/a+json"), "application/b+json", "application/json"),
        (("text/plain",), "application/json", None),
    ],
)
def test_the_closest_declared_media_type_covers_the_one_that_was_sent(
    declared: tuple[str, ...], sent: str, wanted: str | None
) -> None:
    assert media_type_of({name: MediaType(None) for name in declared}, sent) == wanted
