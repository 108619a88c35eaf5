from typing import get_args

from xpander_emulator.settings import (
    CLOCK_MODES,
    EVENT_SETS,
    RUNNABLE_KINDS,
    ClockMode,
    EventSet,
    Runnable,
    RunnableKind,
    Settings,
    client_environment,
)


def test_the_lists_of_choices_are_those_of_the_types() -> None:
    assert get_args(ClockMode) == CLOCK_MODES
    assert get_args(EventSet) == EVENT_SETS
    assert get_args(RunnableKind) == RUNNABLE_KINDS


def test_settings_are_shown_without_keys_and_token() -> None:
    shown = repr(Settings(token="hush", api_keys=(("hidden", None),)))

    assert "hush" not in shown
    assert "hidden" not in shown
    assert "port=4020" in shown


def test_equal_runnables_may_come_from_different_lines() -> None:
    assert Runnable("agent", "a", "A", line=3) == Runnable("agent", "a", "A", file="emulator.toml", line=9)


def test_the_sdk_finds_a_server_by_three_variables() -> None:
    assert client_environment("http://127.0.0.1:4020", "local", "org") == {
        "XPANDER_BASE_URL": "http://127.0.0.1:4020",
        "XPANDER_API_KEY": "local",
        "XPANDER_ORGANIZATION_ID": "org",
    }
