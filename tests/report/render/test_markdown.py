import re

from tests.report.values import REPORT, hostile
from xpander_emulator.report.render import markdown


def test_markdown_has_a_table_for_each_part() -> None:
    lines = markdown.render(REPORT).splitlines()

    assert "| Scenario | Steps | Transitions | Signals | Faults | Statuses | All |" in lines
    assert "| refund | 1/2 | 0/1 | 0/1 | \\- | 1/1 | 25.0 % |" in lines
    assert "- refund never met steps paid; transitions pending → paid \\(after\\); signals stop" in lines
    assert lines[0] == "**Coverage is under 90 %\\: 25 % of the scenarios were met.**"


def test_hostile_names_are_text_in_markdown() -> None:
    document = markdown.render(hostile())

    assert not re.search(r"(?<!\\)[<`]", document)
    rows = [line for line in document.splitlines() if line.startswith("| polls")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [6]
