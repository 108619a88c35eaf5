from typing import Any

import pytest

from tests.contract.samples import ours
from xpander_emulator.contract.document_objects import OBJECTS, SECTIONS, Site, walk


def kinds(value: Any, kind: str = "document") -> list[tuple[str, str]]:
    return [("/".join(map(str, site.path)), site.kind) for site in walk(value, kind)]


def test_every_kind_that_an_object_names_is_in_the_table() -> None:
    shapes = {shape.strip("[]{}") for keys in OBJECTS.values() for shape in keys.values()}

    assert shapes - {"", "callback"} <= set(OBJECTS)


def test_every_object_is_visited_the_outer_one_first() -> None:
    document = {
        "info": {},
        "paths": {"/a": {"get": {"parameters": [{"schema": {"allOf": [{}]}}], "responses": {"200": {}}}, "x-more": {}}},
        "components": {"schemas": {"x-A": {"properties": {"b": True}}}, "responses": {"x-ignored": {}}},
    }

    assert kinds(document) == [
        ("", "document"),
        ("info", "info"),
        ("paths//a", "path item"),
        ("paths//a/get", "operation"),
        ("paths//a/get/parameters/0", "parameter"),
        ("paths//a/get/parameters/0/schema", "schema"),
        ("paths//a/get/parameters/0/schema/allOf/0", "schema"),
        ("paths//a/get/responses/200", "response"),
        ("components", "components"),
        ("components/schemas/x-A", "schema"),
        ("components/schemas/x-A/properties/b", "schema"),
    ]


def test_examples_are_data_whatever_is_inside() -> None:
    document = {"example": {"schema": {"$ref": "#/a"}}, "schema": {"default": {"properties": {"a": {}}}}}

    assert kinds(document, "media type") == [("", "media type"), ("schema", "schema")]


def test_a_reference_is_not_walked_through_but_a_schema_beside_one_is() -> None:
    reference = {"$ref": "#/a", "content": {"a/b": {}}}
    schema = {"$ref": "#/a", "items": {}}

    assert kinds(reference, "response") == [("", "response")]
    assert kinds(schema, "schema") == [("", "schema"), ("items", "schema")]


def test_a_list_or_map_that_is_something_else_is_reported_as_such() -> None:
    assert kinds({"servers": {}, "paths": []}) == [("", "document"), ("servers", "list"), ("paths", "map")]


def test_a_callback_holds_path_items() -> None:
    assert kinds({"{$request.body#/url}": {"post": {}}}, "callback") == [
        ("", "callback"),
        ("{$request.body#/url}", "path item"),
        ("{$request.body#/url}/post", "operation"),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "reference"),
    [
        ("response", {"$ref": "#/a"}, "#/a"),
        ("response", {"$ref": 3}, None),
        ("response", {}, None),
        ("response", [], None),
        ("operation", {"$ref": "#/a"}, None),
    ],
)
def test_only_shared_kinds_may_be_references(kind: str, value: Any, reference: str | None) -> None:
    assert Site((), kind, value).reference == reference
    assert (kind in SECTIONS) is (kind == "response")


def test_the_embedded_contract_has_only_known_keys() -> None:
    for site in walk(ours().document):
        if isinstance(site.value, dict) and site.kind not in ("schema", "callback") and "$ref" not in site.value:
            assert [key for key in site.value if key not in OBJECTS[site.kind] and not key.startswith("x-")] == []
