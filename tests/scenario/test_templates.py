from collections.abc import Mapping
from typing import Any

import pytest

from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.core.timeline import Fake, Minted, Template
from xpander_emulator.errors import BrokenPromise
from xpander_emulator.scenario.templates import render

CONTEXT: Mapping[str, Any] = {
    "input": {"text": "Refund 42", "files": ["a.pdf", "b.pdf"], "user": None, "urgent": True},
    "request": {"id": None},
    "task": {"status": "completed", "execution_attempts": 3},
    "signal": {"kind": "reject", "reason": "too late"},
    "now": "2026-01-01T00:00:00Z",
}


def fake(provider: str, pointer: str) -> Any:
    return f"<{provider} at {pointer}>"


def shown(source: str, shape: Any = True) -> Any:
    return render(Template(source), CONTEXT, fake, "/result", SchemaView({}, shape))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("Denied: {{ signal.reason }} at {{ now }}", "Denied: too late at 2026-01-01T00:00:00Z"),
        ("{{ task.execution_attempts }}", 3),
        ("{{ task.execution_attempts + 1 }}", 4),
        ("{{ input.files }}", ["a.pdf", "b.pdf"]),
        ("{{ input.files | length }} files", "2 files"),
        ("{{ input.user }}", None),
        ("{{ input.urgent }}", True),
        ("Got {{ input.files }}, {{ input.urgent }}, {{ input.user }}.", 'Got ["a.pdf", "b.pdf"], true, .'),
        ("{% for file in input.files %}{{ loop.index }}:{{ file }} {% endfor %}", "1:a.pdf 2:b.pdf "),
        ("{{ input.text | replace('Refund', 'Order') }}", "Order 42"),
        ("{{ input.user | upper }}", ""),
        ("{{ input.user ~ '!' }}", "!"),
        ("<{{ input.user | title }}>", "<>"),
        ("{{ input.files | upper }}", '["A.PDF", "B.PDF"]'),
        ("two lines\n", "two lines\n"),
        ("{{ {'a': [1, none]} }}", {"a": [1, None]}),
    ],
)
def test_a_text_is_resolved(source: str, value: Any) -> None:
    assert shown(source) == value


@pytest.mark.parametrize(
    "source",
    [
        "{{ input.__class__ }}",
        "{{ input.user.email }}",
        "{{ nothing.at.all }}",
        "{{ input.user.email.domain }}",
        "{{ request.id.x }}",
    ],
)
def test_missing_data_is_empty_and_never_an_error(source: str) -> None:
    assert shown(source) == ""
    assert shown(f"<{source}>") == "<>"


def test_a_lone_expression_turns_to_text_where_the_place_takes_only_text() -> None:
    nullable_text = {"anyOf": [{"type": "string"}, {"type": "null"}]}

    assert shown("{{ task.execution_attempts }}", nullable_text) == "3"
    assert shown("{{ input.files }}", nullable_text) == '["a.pdf", "b.pdf"]'
    assert shown("{{ input.user }}", nullable_text) is None
    assert shown("{{ input.user }}", {"type": "string"}) == ""


def test_text_that_looks_like_a_number_stays_text() -> None:
    assert render(Template("{{ input.text }}"), {"input": {"text": "42"}}, fake, "/title") == "42"


def test_templates_and_fakes_are_resolved_at_any_depth() -> None:
    value = {"a/b": [Template("{{ fake.name }}"), {"c": Fake("uuid4")}], "n": 1}

    assert render(value, CONTEXT, fake, "/payload") == {
        "a/b": ["<name at /fake/name>", {"c": "<uuid4 at /payload/a~1b/1/c>"}],
        "n": 1,
    }


def test_an_id_of_the_emulator_is_keyed_by_its_number_wherever_it_stands() -> None:
    value = {"request_id": Minted("request", 1), "again": [Minted("request", 1), Minted("request", 2)]}

    first, second = "<uuid4 at /minted/request/1>", "<uuid4 at /minted/request/2>"
    assert render(value, CONTEXT, fake, "/events/3") == {"request_id": first, "again": [first, second]}


def test_a_fake_in_a_text_is_the_same_wherever_it_stands_and_a_numbered_one_is_another() -> None:
    first = render(Template("{{ fake.name }}, {{ fake.name }}"), CONTEXT, fake, "/title")
    second = render(Template("{{ fake.name }} {{ fake.name_2 }}"), CONTEXT, fake, "/result")

    assert first == "<name at /fake/name>, <name at /fake/name>"
    assert second == "<name at /fake/name> <name at /fake/name_2>"


def test_a_lone_expression_in_a_mapping_takes_the_type_of_its_place() -> None:
    shape = SchemaView(
        {}, {"properties": {"items": {"type": "array", "items": {"properties": {"id": {"type": "string"}}}}}}
    )

    value = render({"items": [{"id": Template("{{ 1 }}"), "n": Template("{{ 1 }}")}]}, CONTEXT, fake, "/plan", shape)

    assert value == {"items": [{"id": "1", "n": 1}]}


def test_a_text_that_cannot_be_resolved_breaks_a_promise_at_its_place() -> None:
    with pytest.raises(BrokenPromise) as error:
        shown("{{ 1 / 0 }}")

    assert error.value.message == "the template at /result, '{{ 1 / 0 }}', cannot be resolved: division by zero"
