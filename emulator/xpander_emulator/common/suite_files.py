"""The files of the present pytest run: its scenarios and its OpenAPI file, also before any test runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Files:
    """Files and folders of scenarios, and an OpenAPI file in place of the built-in one."""

    scenarios: tuple[Path, ...] = ()
    spec: Path | None = None


# A run of pytest may have another one inside, with files of its own.
_FINDERS: Final[list[Callable[[], Files]]] = []


def begin(find: Callable[[], Files]) -> None:
    """Begin a run, whose files `find` returns."""
    _FINDERS.append(find)


def end() -> None:
    """End the innermost run."""
    _FINDERS.pop()


def files() -> Files:
    """Return the files of the innermost run; none outside of a run. Raises what its `find` raises."""
    return _FINDERS[-1]() if _FINDERS else Files()
