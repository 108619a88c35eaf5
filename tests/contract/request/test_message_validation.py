"""Requests and answers held against a contract."""

import json
from typing import Any

import pytest

from tests.contract.samples import contract_of, ours
from xpander_emulator.contract.model import MediaType
from xpander_emulator.contract.request.message_validation import (
    Accepted,
    RequestValidator,
    ResponseChecker,
    body_is_acceptable,
    media_type_of,
)
from xpander_emulator.contract.schema.validation import MAX_DEPTH
from xpander_emulator.contract.schema.violations import Violation

OURS = ours()


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
