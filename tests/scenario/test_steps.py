import pytest

from tests.scenario.samples import step_mistakes, steps
from xpander_emulator.core.timeline import After, Fake, Millis, Polls, Wait


def test_a_step_without_an_id_is_named_for_its_status() -> None:
    compiled_steps = steps("""\
  - {status: executing, after: 1s}
  - {status: executing, after: 1s}
  - {id: executing-3, status: executing, after: 1s}
  - {status: executing, after: 1s}
  - {status: completed}
""")

    assert [step.id for step in compiled_steps] == [
        "executing",
        "executing-2",
        "executing-3",
        "executing-4",
        "completed",
    ]


def test_an_expiry_may_be_a_signal_alone_or_lead_to_the_step_that_follows() -> None:
    compiled_steps = steps("""\
  - {status: paused, on: {expire: error}}
  - {status: error}
""")
    other = steps("""\
  - {status: paused, on: {expire: {after: 2s}}}
  - {status: error}
""")

    assert compiled_steps[0].leave == Wait({"expire": 1})
    assert other[0].leave == Wait({}, After(Millis(2000), Millis(2000), 1))


def test_a_waiting_step_may_lead_back() -> None:
    compiled_steps = steps("""\
  - {id: ask, status: paused, on: {reject: redo, approve: completed}}
  - {id: redo, status: executing, after: 1s, goto: ask}
  - {status: completed}
""")

    assert compiled_steps[1].leave == After(Millis(1000), Millis(1000), 0)


@pytest.mark.parametrize(
    ("exit_", "leave"),
    [
        ("after: 1s", After(Millis(1000), Millis(1000), 1)),
        ("after: 1s..3s, goto: done", After(Millis(1000), Millis(3000), 1)),
        ("polls: 2", Polls(2, 1)),
        ("polls: 2, goto: done", Polls(2, 1)),
        ("on: {approve: done, called_back: work}", Wait({"approve": 1, "called_back": 0})),
        ("on: {expire: {after: 2s, goto: done}}", Wait({}, After(Millis(2000), Millis(2000), 1))),
    ],
)
def test_a_step_is_left_by_time_by_reads_or_by_signals(exit_: str, leave: object) -> None:
    text = f"  - {{id: work, status: executing, {exit_}}}\n  - {{id: done, status: completed}}\n"

    assert steps(text)[0].leave == leave


def test_a_step_sets_values_faker_providers_and_a_result() -> None:
    [step] = steps("  - {status: completed, set: {title: Paid}, fake: {worker_id: uuid4}, result: {paid: true}}\n")

    assert step.sets == {"title": "Paid", "worker_id": Fake("uuid4"), "result": {"paid": True}}


@pytest.mark.parametrize(
    ("step", "mistake"),
    [
        ("status: done", "unknown status 'done'; write 'completed'"),
        ("status: [1]", "unknown status [1]; write one of pending, executing, paused, error, failed, completed,"),
        ("status: executing, polls: 0", "'polls' takes a whole number of reads from 1 to 10000, found 0"),
        ("status: executing, polls: true", "'polls' takes a whole number of reads from 1 to 10000, found true"),
        ("status: executing, after: 1s, goto: ''", "'goto' takes the id of a step, found ''"),
        ("id: a b, status: completed", "an id is made of letters, digits, '-' and '_', found 'a b'"),
        ("status: paused, on: {aprove: x}", "unknown signal 'aprove'. Did you mean 'approve'?"),
        ("status: paused, on: {approve: {goto: x}}", "a signal leads straight to a step; write 'approve: x'"),
        ("status: completed, title: Paid", "unknown key 'title'; write 'set: {title: …}' instead"),
    ],
)
def test_a_mistake_in_a_step_is_reported(step: str, mistake: str) -> None:
    reported = step_mistakes(f"  - {{{step}}}\n  - {{id: x, status: completed}}\n")

    assert any(line.partition(": ")[2].startswith(mistake) for line in reported), reported
