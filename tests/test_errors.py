import pytest

from xpander_emulator.errors import (
    BadRequest,
    BrokenPromise,
    Conflict,
    Diagnostic,
    EmulatorError,
    InvalidFiles,
    NotFound,
    StaleWrite,
    did_you_mean,
)


def test_a_diagnostic_is_a_line_with_its_place() -> None:
    assert str(Diagnostic("a.yaml", 3, 5, "unknown status 'done'")) == "a.yaml:3:5: unknown status 'done'"


def test_all_diagnostics_are_reported_in_the_order_of_file_and_line() -> None:
    first, second, third = (
        Diagnostic("a.yaml", 2, 9, "two"),
        Diagnostic("a.yaml", 10, 1, "ten"),
        Diagnostic("b.yaml", 1, 1, "other file"),
    )

    error = InvalidFiles([third, second, first])

    assert error.diagnostics == (first, second, third)
    assert str(error) == "a.yaml:2:9: two\na.yaml:10:1: ten\nb.yaml:1:1: other file"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (EmulatorError, 500),
        (BadRequest, 400),
        (NotFound, 404),
        (Conflict, 409),
        (StaleWrite, 409),
        (BrokenPromise, 500),
    ],
)
def test_an_error_has_the_http_status_of_its_kind(kind: type[EmulatorError], status: int) -> None:
    error = kind("It failed.")

    assert (error.status, error.message, str(error)) == (status, "It failed.", "It failed.")


def test_a_conflict_lists_the_signals_that_are_accepted() -> None:
    assert Conflict("Too late.", ["approve", "stop"]).allowed == ("approve", "stop")
    assert Conflict("Too late.").allowed == ()


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [("aprove", ". Did you mean 'approve'?"), ("approve", ". Did you mean 'approve'?"), ("xyz", ""), ("", "")],
)
def test_the_nearest_known_word_is_suggested(word: str, suggestion: str) -> None:
    assert did_you_mean(word, ["reject", "approve"]) == suggestion
