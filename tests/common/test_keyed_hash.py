from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from xpander_emulator.common.keyed_hash import keyed, uuid4


def test_equal_parts_give_the_same_key_on_every_machine() -> None:
    assert keyed(1, "default", 0, 0) == 0x8A464FE5237004C5
    assert uuid4(1, "/id") == "c726e0d3-fb16-435e-a13f-fa67e1dbc832"


@examples(200)
@given(st.lists(st.text() | st.integers(), min_size=1, max_size=5), st.text())
def test_a_key_has_64_bits_and_depends_on_each_part(parts: list[str | int], more: str) -> None:
    assert 0 <= keyed(*parts) < 2**64
    assert keyed(*parts) != keyed(*parts, more)


def test_the_order_and_the_borders_of_parts_matter() -> None:
    assert keyed("a", "b") != keyed("b", "a")
    assert keyed("a", "b") != keyed("ab")


def test_a_lone_surrogate_of_a_client_has_a_key_too() -> None:
    assert keyed("\ud800") == keyed("\ud800")


@examples(200)
@given(st.integers(min_value=0, max_value=2**64 - 1), st.text(st.characters(exclude_categories=["Cs"])))
def test_every_id_is_a_uuid_of_version_4(key: int, pointer: str) -> None:
    text = uuid4(key, pointer)

    assert (UUID(text).version, UUID(text).variant) == (4, RFC_4122)
    assert str(UUID(text)) == text
