"""The errors raised on purpose. A message says where, what was found, and what would be right."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """A mistake in a file that a person wrote. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class EmulatorError(Exception):
    """Base of all errors raised on purpose. `status` is the HTTP status of the answer to a request that raises it."""

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidFiles(EmulatorError):
    """Files cannot be used. The message has every mistake in them, in the order of file and line."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


class BadRequest(EmulatorError):
    """A well-formed request asks for something that is not possible."""

    status = 400


class NotFound(EmulatorError):
    """The namespace has nothing of this name."""

    status = 404


class Conflict(EmulatorError):
    """The present state of a task does not allow this.

    Attributes:
        allowed: The signals that the task accepts now.
    """

    status = 409
    allowed: tuple[str, ...]

    def __init__(self, message: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class StaleWrite(EmulatorError):
    """Another process changed a task between reading and writing it; read it again and decide again."""

    status = 409


class BrokenPromise(EmulatorError):
    """An answer of the emulator would break the contract: a defect of the emulator or of a scenario's template."""


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return ". Did you mean 'x'?" for the nearest of `known`, or "" when none is near."""
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f". Did you mean '{near[0]}'?" if near else ""
