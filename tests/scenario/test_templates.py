from collections.abc import Mapping
from typing import Any

import pytest

from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.core.timeline import Fake, Minted, Template
from xpander_emulator.errors import BrokenPromise
from xpander_emulator.scenario.templates import check_template, render

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


def test_a_lone_expression_in_a_mapping_keeps_to_the_shape_of_its_place() -> None:
    shape = SchemaView(
        {}, {"properties": {"items": {"type": "array", "items": {"properties": {"id": {"type": "string"}}}}}}
    )

    found = render({"items": [{"id": Template("{{ 1 }}"), "n": Template("{{ 1 }}")}]}, CONTEXT, fake, "/plan", shape)

    assert found == {"items": [{"id": "1", "n": 1}]}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ 'a' * 10 ** 9 }}", "'*' is for numbers only"),
        ("{{ [0] * 1000000000 }}", "'*' is for numbers only"),
        ("{{ '%1000000000d' % 1 }}", "'%' is for numbers only"),
        ("{{ 10 ** 1000 }}", "a base up to 1000000 and a power up to 64"),
        ("{{ range(10 ** 9) }}", "Range too big"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "more than 10000 items in all",
        ),
        ("{% for a in range(9000) %}" + "abcdefghij" * 100 + "{% endfor %}", "prints more than 8,388,608 characters"),
        ("{{ 'a'.ljust(1000000000) }}", "is unsafe"),
        ("{{ '{:1000000000}'.format(1) }}", "is unsafe"),
        ("{{ input.text + 1 }}", "can only concatenate str"),
        ("{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_a_text_that_asks_for_too_much_is_refused_with_the_reason(source: str, reason: str) -> None:
    with pytest.raises(BrokenPromise) as refused:
        shown(source)

    assert "the template at /result" in refused.value.message
    assert reason in refused.value.message


@pytest.mark.parametrize(
    "source", ["{{ lipsum(9) }}", "{{ namespace(a=1) }}", "{{ input.files | random }}", "{{ 1 | center(10 ** 9) }}"]
)
def test_what_gives_unbounded_or_random_text_is_not_there(source: str) -> None:
    assert len(check_template(source)) == 1


@pytest.mark.parametrize(
    "source", ["plain", "{{ input.text }}", "{% set x = 1 %}{{ x }}", "{{ range(3) | join }}", "{# none #}"]
)
def test_a_sound_text_has_nothing_wrong(source: str) -> None:
    assert check_template(source) == ()


def test_a_numbered_fake_is_checked_by_its_provider() -> None:
    assert check_template("{{ fake.name_2 }}", lambda: ["name"]) == ()
    assert check_template("{{ fake.nam_2 }}", lambda: ["name"]) == (
        "'fake.nam_2' is no Faker provider. Did you mean 'name'?",
    )


def test_all_that_is_wrong_with_a_text_is_told_at_once() -> None:
    source = (
        "{{ inptu.text | uper }} {{ signal.who }}\n{{ fake }} {{ inptu }} {% block a %}{% endblock %} {{ fake.nam }}"
    )

    assert check_template(source, lambda: ["name"]) == (
        "the tag 'block' is not for scenarios; use {{ … }}, if, for and set (line 2 of the text)",
        "the template uses the filter 'uper', which is not there. Did you mean 'upper'?",
        "the template uses 'inptu'; known names are input, request, task, signal, fake, now. Did you mean 'input'?",
        "'signal' has no 'who'; it has name, by, reason, payload, at",
        "'fake' alone is no value; write fake.name, or another Faker provider (line 2 of the text)",
        "'fake.nam' is no Faker provider (line 2 of the text). Did you mean 'name'?",
    )


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("{{ fake }}", "'fake' alone is no value; write fake.name, or another Faker provider"),
        (
            "a\n{{ fake | upper }}",
            "'fake' alone is no value; write fake.name, or another Faker provider (line 2 of the text)",
        ),
        (
            "{{ signal.resaon }}",
            "'signal' has no 'resaon'; it has name, by, reason, payload, at. Did you mean 'reason'?",
        ),
        (
            "{{ task['status'] }}",
            "'task' has no 'status'; it has id, turn, agent_id, organization_id, created_at, title",
        ),
    ],
)
def test_what_a_name_does_not_have_is_told_when_the_scenario_is_read(source: str, wrong: str) -> None:
    assert check_template(source) == (wrong,)


@pytest.mark.parametrize("source", ["{{ fake['name'] }}", "{{ signal.payload.amount }}", "{{ task[input.text] }}"])
def test_members_that_are_there_or_cannot_be_told_pass(source: str) -> None:
    assert check_template(source, lambda: ["name"]) == ()
