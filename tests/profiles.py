"""How many examples Hypothesis draws: a quarter in `make test`, 100 at most; all of them in `make check` and in CI.

The profile `quick` draws other examples in each run. `ci` is Hypothesis's own: its examples are the same in every run,
so that a change is blamed for nothing else. Neither asserts how long an example takes: a busy machine fails no test.
"""

from typing import Any, Final

from hypothesis import settings

QUICK: Final = "quick"
_QUARTER: Final = 4
_FEWEST: Final = 5
_MOST: Final = 100
_CI: Final = settings.get_profile("ci")

settings.register_profile(QUICK, _CI, derandomize=False, max_examples=_CI.max_examples // _QUARTER)


def examples(count: int, **more: Any) -> settings:
    """Return settings for a test that draws so many examples in CI. To be called while tests are collected."""
    if settings.get_current_profile_name() == QUICK:
        count = min(count, _MOST, max(_FEWEST, count // _QUARTER))
    return settings(max_examples=count, **more)
