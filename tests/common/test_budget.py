from threading import Thread

import pytest

from xpander_emulator.common import budget
from xpander_emulator.common.budget import MAX_NESTING, TooCostly


def test_without_a_budget_any_work_is_free() -> None:
    budget.spend(1_000_000)
    with budget.nested():
        assert budget.left() is None
        assert not budget.is_limited()


def test_steps_are_taken_from_the_budget_until_it_is_used_up() -> None:
    with budget.limited(3):
        budget.spend(2)
        assert budget.left() == 1
        budget.spend(1)
        with pytest.raises(TooCostly, match=r"^more steps are needed than one value may take$"):
            budget.spend(1)


def test_a_budget_ends_with_its_block_also_after_an_error() -> None:
    with pytest.raises(TooCostly), budget.limited(0):
        budget.spend(1)

    assert not budget.is_limited()


def test_an_inner_budget_leaves_the_outer_one_as_it_was() -> None:
    with budget.limited(10):
        with budget.limited(2):
            budget.spend(2)
        assert budget.left() == 10


def test_a_level_of_nesting_is_a_step() -> None:
    with budget.limited(5), budget.nested(), budget.nested():
        assert budget.left() == 3


def test_levels_beyond_the_bound_are_refused_however_many_steps_are_left() -> None:
    def deeper(levels: int) -> None:
        with budget.nested():
            if levels > 1:
                deeper(levels - 1)

    with budget.limited(10_000):
        deeper(MAX_NESTING)
        deeper(MAX_NESTING)
        with pytest.raises(TooCostly, match=r"^it is nested more than 100 schemas deep$"):
            deeper(MAX_NESTING + 1)


def test_another_thread_has_no_budget() -> None:
    seen = []
    with budget.limited(1):
        thread = Thread(target=lambda: seen.append(budget.left()))
        thread.start()
        thread.join()

    assert seen == [None]
