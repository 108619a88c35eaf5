from xpander_emulator.common.terminal_text import columns, printable


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert list(columns([["task", "status"], ["t-1", "paused"], ["t-22222", ""]])) == [
        "task     status",
        "t-1      paused",
        "t-22222",
    ]


def test_all_columns_but_the_first_can_be_justified_to_the_right() -> None:
    assert list(columns([["scenario", "steps"], ["flaky", "4/4"]], str.rjust)) == ["scenario  steps", "flaky       4/4"]


def test_a_character_that_could_control_a_terminal_is_escaped() -> None:
    assert printable("Müller\x1b[31m\n\u202e") == "Müller\\x1b[31m\\n\\u202e"
