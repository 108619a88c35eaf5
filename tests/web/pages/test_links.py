import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.errors import NotFound
from xpander_emulator.web.pages.links import Link, secret_of_seed, secret_of_token, sign, verify

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


def test_the_secret_of_a_token_is_scrypt_with_16_mib_so_that_each_guess_is_dear() -> None:
    # By the `scrypt` of OpenSSL: openssl kdf -keylen 32 -kdfopt pass:secret -kdfopt salt:0123456789abcdef
    # -kdfopt n:16384 -kdfopt r:8 -kdfopt p:1 SCRYPT
    made = secret_of_token("secret", b"0123456789abcdef")

    assert made.hex() == "e35b81b842078156aee35bf5abd0536738ac9d28bfa250740db03cddedfa7e26"
    assert made != secret_of_token("secret", b"0123456789abcdeF")
    assert made != secret_of_token("Secret", b"0123456789abcdef")


def test_without_a_token_the_secret_follows_from_the_seed_alone() -> None:
    assert secret_of_seed(7) == b"7\0"


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
    with pytest.raises(NotFound, match=r"^This link was not made by this server, or is incomplete\."):
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
