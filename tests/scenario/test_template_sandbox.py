from typing import Any

import pytest

from xpander_emulator.scenario.template_sandbox import ERRORS, as_text, run


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
    with pytest.raises(ERRORS) as error:
        run(source, {"input": {"text": "Refund 42"}})

    assert reason in str(error.value)


def test_a_budget_belongs_to_one_run() -> None:
    source = "{% for a in range(6000) %}{% endfor %}"

    assert run(source, {}) == run(source, {}) == ""


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "true"), ({"a": [1, None]}, '{"a": [1, null]}'), ("é", "é"), (1.5, 1.5)]
)
def test_a_value_prints_as_text_or_json(value: Any, text: Any) -> None:
    assert as_text(value) == text
