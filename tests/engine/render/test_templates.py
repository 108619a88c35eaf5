from typing import Any

import pytest

from tests.engines import make_engine, start
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.core.replay import Visit
from xpander_emulator.core.timeline import Fake, Template
from xpander_emulator.engine.render.templates import Texts, TextsInPart
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BrokenPromise

BODY = {"input": {"text": "Refund 1042"}, "agent_id": "approval", "title": None}
SECRET = "the-secret-of-ann"


@pytest.fixture
async def rejected() -> TaskState:
    """A task whose pause was rejected by Ann."""
    engine = make_engine()
    await engine.start("ns", start("approval", id="t"))
    await engine.advance("ns", 2_000)
    view = await engine.signal("ns", "t", "reject", by="ann", reason="too late", payload={"amount": 7})
    return view.task_state


def fake(provider: str, key: int, pointer: str) -> str:
    return f"<{provider} {pointer}>"


def texts(task_state: TaskState, request: Any = None, kind: type[Texts] = Texts) -> Texts:
    return kind(task_state, BODY, request or {"input": {}, "user_tokens": {"crm": SECRET}}, fake)


def last(task_state: TaskState) -> Visit:
    return task_state.snapshot.visits[-1]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ input.text }}", "Refund 1042"),
        ("{{ task.id }}, turn {{ task.turn }}, of {{ task.agent_id }}", "t, turn 1, of approval"),
        ("{{ task.title }}", None),
        ("{{ signal.name }} by {{ signal.by }}: {{ signal.reason }}", "reject by ann: too late"),
        ("{{ signal.payload.amount }}", 7),
        ("{{ signal.at }}", "2026-01-01T00:00:02.000000Z"),
        ("{{ now }}", "2026-01-01T00:00:02.000000Z"),
        ("{{ fake.name }}", "<name /fake/name>"),
    ],
)
async def test_a_template_refers_to_the_task_and_to_the_signal_of_its_visit(
    rejected: TaskState, template: str, text: Any
) -> None:
    assert texts(rejected).render(Template(template), last(rejected), "/result") == text


async def test_a_template_of_a_visit_before_any_signal_has_none_and_its_own_now(rejected: TaskState) -> None:
    first = rejected.snapshot.visits[0]

    text = texts(rejected).render(Template("<{{ signal.name }}> at {{ now }}"), first, "/result")

    assert text == "<> at 2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("value", ["{{ now }}", 1, 2.5, True, None])
async def test_a_value_without_a_template_stays_as_it_is(rejected: TaskState, value: Any) -> None:
    assert texts(rejected).render(value, last(rejected), "/result") is value


async def test_templates_and_fakes_are_resolved_at_any_depth(rejected: TaskState) -> None:
    value = {"a": [Template("{{ task.id }}"), {"b": Fake("uuid4")}]}

    assert texts(rejected).render(value, last(rejected), "/payload") == {"a": ["t", {"b": "<uuid4 /payload/a/1/b>"}]}


async def test_a_number_becomes_text_where_the_schema_takes_text_alone(rejected: TaskState) -> None:
    text = SchemaView({}, {"type": "string"})

    assert texts(rejected).render(Template("{{ task.turn }}"), last(rejected), "/title", text) == "1"


async def test_a_template_that_fails_is_told_with_the_line_of_its_step(rejected: TaskState) -> None:
    with pytest.raises(
        BrokenPromise,
        match=r"^the template at /result, '\{\{ 1 / 0 \}\}', cannot be resolved: division by zero\."
        r" See \S*approval\.yaml:33\.$",
    ):
        texts(rejected).render(Template("{{ 1 / 0 }}"), last(rejected), "/result")


async def test_the_message_of_a_template_that_fails_has_no_credential_of_the_request(rejected: TaskState) -> None:
    template = Template("{{ request.user_tokens.crm * 2 ~ [].index('" + SECRET + "') }}")

    with pytest.raises(BrokenPromise) as broken:
        texts(rejected).render(template, last(rejected), "/result")

    assert SECRET not in broken.value.message


async def test_in_part_a_value_whose_template_fails_is_null_and_any_other_is_as_ever(rejected: TaskState) -> None:
    in_part = texts(rejected, kind=TextsInPart)

    assert in_part.render({"a": Template("{{ 1 / 0 }}")}, last(rejected), "/result") is None
    assert in_part.render({"a": Template("{{ task.id }}")}, last(rejected), "/result") == {"a": "t"}
