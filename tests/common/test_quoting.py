from typing import Any

import pytest

from xpander_emulator.common.quoting import describe


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("paused", "'paused'"),
        ("x" * 60, f"'{'x' * 60}'"),
        ("x" * 61, f"'{'x' * 57}…'"),
        ({"a": 1}, "a mapping"),
        ([1, 2], "a list"),
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (2.5, "2.5"),
    ],
)
def test_a_value_is_quoted_in_yaml_s_words(value: Any, quoted: str) -> None:
    assert describe(value) == quoted
