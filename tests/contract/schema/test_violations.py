from typing import Any

import pytest

from tests.contract.samples import contract_with
from xpander_emulator.contract.schema.validation import find_violations, judge

TEXT = {"type": "string"}


USER = {"type": "object", "required": ["email"], "properties": {"email": TEXT, "age": {"type": "integer"}}}


NODE = {"type": "object", "properties": {"child": {"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "null"}]}}}


def body_details(schema: Any, sent: Any) -> list[tuple[str, str, str]]:
    """Return (loc, msg, type) of what is wrong with a body."""
    contract = contract_with(S=schema)
    found = find_violations(contract, "/components/schemas/S", sent, ("body",))
    assert judge(contract, "/components/schemas/S")(sent) == (not found)
    return [(".".join(map(str, each.loc[1:])), each.msg, each.type) for each in found]


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
