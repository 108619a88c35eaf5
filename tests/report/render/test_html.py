import re

from tests.report.render.tags import Tags
from tests.report.values import REPORT, hostile
from xpander_emulator.report.render import html


def test_the_page_needs_nothing_but_itself() -> None:
    page = html.render(REPORT)

    assert not re.search(r"<script|<link|<img|src=|href=|url\(|@import", page)
    assert "never met" in page


def test_hostile_names_are_text_on_the_page() -> None:
    tags = Tags()
    tags.feed(html.render(hostile()))

    assert tags.open == []
    assert any("<script>alert(1)</script>" in each for each in tags.texts)
