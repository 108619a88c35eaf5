"""Every error raised on purpose: what was found, where, and what would be right."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One thing wrong in a file that a person wrote. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class EmulatorError(Exception):
    """Base of all errors raised on purpose. `status` is the HTTP status it is answered with."""

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidFiles(EmulatorError):
    """Files that cannot be used, with every mistake in them, in the order of file and line."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


class BadRequest(EmulatorError):
    """A request that is well-formed but asks for something that cannot be."""

    status = 400


class NotFound(EmulatorError):
    """Nothing of that name in this namespace."""

    status = 404


class Conflict(EmulatorError):
    """An act that the task's present state does not allow; `allowed` lists the signals that it does."""

    status = 409

    def __init__(self, message: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class StaleWrite(EmulatorError):
    """A task was changed by somebody else between reading and writing it; read again and decide again."""

    status = 409


class BrokenPromise(EmulatorError):
    """An answer of ours that breaks the contract: a defect of the emulator or of a scenario's text."""


def did_you_mean(found: str, known: Sequence[str]) -> str:
    """Return ". Did you mean 'x'?" for the nearest of `known`, or "" when none is near."""
    near = get_close_matches(found, known, n=1, cutoff=0.6)
    return f". Did you mean '{near[0]}'?" if near else ""
