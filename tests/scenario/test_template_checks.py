import pytest

from xpander_emulator.scenario.template_checks import check_template, is_lone_expression


@pytest.mark.parametrize(
    "source", ["{{ lipsum(9) }}", "{{ namespace(a=1) }}", "{{ input.files | random }}", "{{ 1 | center(10 ** 9) }}"]
)
def test_what_makes_unbounded_or_random_text_does_not_exist(source: str) -> None:
    assert len(check_template(source, None)) == 1


@pytest.mark.parametrize(
    "source", ["plain", "{{ input.text }}", "{% set x = 1 %}{{ x }}", "{{ range(3) | join }}", "{# none #}"]
)
def test_a_valid_text_has_no_mistake(source: str) -> None:
    assert check_template(source, None) == ()


def test_a_numbered_fake_is_checked_by_its_provider() -> None:
    assert check_template("{{ fake.name_2 }}", lambda: ["name"]) == ()
    assert check_template("{{ fake.nam_2 }}", lambda: ["name"]) == (
        "'fake.nam_2' is not a Faker provider. Did you mean 'name'?",
    )


def test_all_mistakes_in_a_text_are_reported_at_once() -> None:
    source = (
        "{{ inptu.text | uper }} {{ signal.who }}\n{{ fake }} {{ inptu }} {% block a %}{% endblock %} {{ fake.nam }}"
    )

    assert check_template(source, lambda: ["name"]) == (
        "the tag 'block' is not for scenarios; use {{ … }}, if, for and set (line 2 of the text)",
        "the template uses the filter 'uper', which does not exist. Did you mean 'upper'?",
        "the template uses 'inptu'; known names are input, request, task, signal, fake, now. Did you mean 'input'?",
        "'signal' has no 'who'; it has name, by, reason, payload, at",
        "'fake' alone is not a value; write fake.name, or another Faker provider (line 2 of the text)",
        "'fake.nam' is not a Faker provider (line 2 of the text). Did you mean 'name'?",
    )


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("{{ fake }}", "'fake' alone is not a value; write fake.name, or another Faker provider"),
        (
            "a\n{{ fake | upper }}",
            "'fake' alone is not a value; write fake.name, or another Faker provider (line 2 of the text)",
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
def test_a_member_that_a_name_does_not_have_is_a_mistake(source: str, mistake: str) -> None:
    assert check_template(source, None) == (mistake,)


@pytest.mark.parametrize("source", ["{{ fake['name'] }}", "{{ signal.payload.amount }}", "{{ task[input.text] }}"])
def test_members_that_exist_or_are_computed_pass(source: str) -> None:
    assert check_template(source, lambda: ["name"]) == ()


@pytest.mark.parametrize(
    ("source", "is_lone"),
    [("{{ input }}", True), (" {{ input }}", False), ("{{ a }}{{ b }}", False), ("plain", False), ("{{", False)],
)
def test_a_lone_expression_is_a_whole_text(source: str, is_lone: bool) -> None:
    assert is_lone_expression(source) is is_lone
