from xpander_emulator.cli.output import cell, fields, table


def test_a_table_is_as_wide_as_its_widest_cells() -> None:
    assert table(("id", "waits for"), [("a1", ["approve", "reject"]), ("long-id", [])], "nothing") == (
        "ID       WAITS FOR\n"
        "a1       approve, reject\n"
        "long-id  -"
    )  # fmt: skip


def test_a_table_without_rows_says_so_in_words() -> None:
    assert table(("id",), [], "No tasks yet.") == "No tasks yet."


def test_fields_leave_out_what_has_no_value() -> None:
    assert fields([("Task", "a1"), ("Result", None), ("Waits for", ["stop"])]) == "Task       a1\nWaits for  stop"


def test_a_cell_is_one_line() -> None:
    assert cell("two\n lines") == "two lines"
    assert cell({"a": [1]}) == '{"a": [1]}'
    assert cell(True) == "true"
    assert cell(0) == "0"
