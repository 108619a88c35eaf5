import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import NotFound
from emulator.links import Link, sign, verify

SECRET = b"secret"
LINK = Link("ns-1", "3f2a", 0, "waiting", 2)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
links = st.builds(Link, texts, texts, st.integers(0, 1_000), texts, st.integers(0, 1_000))


@given(link=links)
def test_a_link_leads_to_what_it_was_signed_for(link: Link) -> None:
    assert verify(sign(link, SECRET), SECRET) == link


@given(link=links)
def test_a_link_can_stand_in_a_path_as_it_is(link: Link) -> None:
    assert set(sign(link, SECRET)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_the_same_link_is_the_same_text_so_that_runs_are_equal() -> None:
    assert sign(LINK, SECRET) == sign(LINK, SECRET) != sign(LINK, b"other")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "nonsense",
        "!!!",
        "ünïcode",
        "A" * 10_000,
        sign(LINK, b"other"),
        sign(LINK, SECRET)[:-1],
        sign(LINK, SECRET) + "AAAA",
        "A" + sign(LINK, SECRET)[1:],
        base64.urlsafe_b64encode(b"\0" * 16 + b"ns-1\0003f2a\0000\0waiting\0002").decode(),
    ],
)
def test_a_link_of_somebody_elses_making_leads_nowhere(text: str) -> None:
    with pytest.raises(NotFound, match=r"^This link is not one of ours\.$"):
        verify(text, SECRET)


@given(place=st.integers(0, 200), letter=st.sampled_from("ABab01-_"))
def test_a_link_that_was_changed_anywhere_leads_nowhere_or_to_the_same(place: int, letter: str) -> None:
    text = sign(LINK, SECRET)
    place %= len(text)
    changed = text[:place] + letter + text[place + 1 :]

    try:
        assert verify(changed, SECRET) == LINK
    except NotFound:
        assert changed != text
