import pytest

from tests.scenario.samples import step_mistakes

DONE = "  - {id: done, status: completed}\n"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "  - {status: executing, after: 1s, goto: paid}\n" + DONE,
            "there is no step 'paid'; steps are executing, done",
        ),
        ("  - {status: executing, after: 1s}\n", "step 'executing' goes on by 'after' and is the last"),
        (
            "  - {id: ask, status: paused, on: {approve: work}}\n  - {id: work, status: pending, after: 1s}\n" + DONE,
            "step 'ask' leads to 'work', but pending cannot follow paused; allowed are executing, error, failed,",
        ),
        (
            "  - {id: a, status: executing, after: 1s}\n  - {id: b, status: executing, polls: 1, goto: a}\n",
            "the steps a → b → a follow each other without end; let one of its steps wait with 'on'",
        ),
        (
            "  - {status: completed}\n" + DONE,
            "nothing leads to step 'done': 'completed' before it is an end; name it in a 'goto' or 'on', or remove it",
        ),
        (
            "  - {status: executing, after: 1s, goto: done}\n  - {id: lost, status: executing, after: 1s}\n" + DONE,
            "nothing leads to step 'lost': 'executing' before it leads elsewhere",
        ),
        (
            "  - {status: executing, after: 1s, stream: words}\n" + DONE,
            "'stream' sends the result of the next step, but 'done' sets none; add 'result' there, or remove 'stream'",
        ),
    ],
)
def test_a_mistake_between_steps_is_reported(text: str, mistake: str) -> None:
    [reported] = step_mistakes(text)

    assert reported.partition(": ")[2].startswith(mistake)


def test_a_row_of_unreached_steps_is_reported_once() -> None:
    text = "  - {status: completed}\n  - {id: a, status: executing, after: 1s}\n  - {id: b, status: completed}\n"

    assert [line.partition("step ")[2][:3] for line in step_mistakes(text)] == ["'a'"]


def test_a_step_is_not_unreached_where_an_exit_could_not_be_parsed() -> None:
    text = "  - {status: executing, after: soon}\n  - {id: b, status: completed}\n"

    assert [line.partition(": ")[2][:6] for line in step_mistakes(text)] == ["'soon'"]


def test_a_circle_in_which_a_step_waits_is_allowed() -> None:
    text = "  - {id: ask, status: paused, on: {redo: work, approve: done}}\n" + (
        "  - {id: work, status: executing, after: 1s, goto: ask}\n"
    )

    assert step_mistakes(text + DONE) == []
