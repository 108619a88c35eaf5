"""Attempts: which alternatives and which optional properties a value has."""

from itertools import islice

from xpander_emulator.contract.sampling.attempts import Choices, Position, attempts


def test_choices_beyond_the_last_say_so() -> None:
    options = [{"type": "string"}, {"type": "integer"}]
    choices = [Choices(number) for number in range(3)]

    assert [each.pick(options) for each in choices] == [options[0], options[1], options[0]]
    assert [each.is_beyond_last for each in choices] == [False, False, True]


def test_whether_a_property_is_made_depends_on_key_place_and_name_alone() -> None:
    one, other = {"required": ["id"]}, {"required": ["id", "x"], "properties": {}}
    included = [Position("/a", key).includes(one, "title") for key in range(1000)]

    assert 700 < sum(included) < 900
    assert included == [Position("/a", key).includes(other, "title") for key in range(1000)]
    assert all(Position("/a", key).includes({}, "title") for key in range(100))
    assert not any(Position("/a", key, required_only=True).includes({}, "title") for key in range(100))


def test_the_first_attempt_is_as_it_was_asked_and_later_ones_are_plainer() -> None:
    position = Position("/a", 1)
    (first, choices), *later = islice(attempts(position), 10)

    assert (first, choices.needs_check) == (position, False)
    assert all(each.ignore_examples for each, _ in later[:2])
    assert later[1][0].required_only


def test_attempts_end() -> None:
    assert len(list(attempts(Position("/a", 1)))) < 10_000
