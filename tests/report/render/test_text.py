from tests.report.values import REPORT, hostile
from xpander_emulator.report.render import text


def test_the_table_shows_what_was_reached_and_what_never() -> None:
    assert text.render(REPORT).splitlines() == [
        "scenario  steps  transitions  signals  faults  statuses     all",
        "refund      1/2          0/1      0/1       -       1/1  25.0 %",
        "",
        "Never met:",
        "  refund  refund.yaml",
        "    step: paid",
        "    transition: pending → paid (after)",
        "    signal: stop",
        "",
        "1 of 1 scenarios count. Of the answers that the contract declares, 0 of 0 were met.",
        "",
        "warning: polls-after-end  test_it.py::test_a",
        "  3 polls after an answer. (requests 4, 5; task t-1)",
    ]


def test_in_brief_there_is_no_list() -> None:
    assert "Never met" not in text.render(REPORT, in_full=False)


def test_hostile_names_control_no_terminal() -> None:
    assert all(char.isprintable() or char == "\n" for char in text.render(hostile()))
