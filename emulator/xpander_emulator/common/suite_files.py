"""The suite of this process: the files that its tests are served with, for whoever asks before any test runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Files:
    """Files and folders of scenarios, and an OpenAPI file in place of the built-in one."""

    scenarios: tuple[Path, ...] = ()
    spec: Path | None = None


# A run of pytest may have another one inside, which knows nothing of it.
_FOUND_BY: Final[list[Callable[[], Files]]] = []


def begin(find: Callable[[], Files]) -> None:
    """Let `find` tell the files of the suite that begins."""
    _FOUND_BY.append(find)


def end() -> None:
    """Go back to the suite around the one that ends."""
    _FOUND_BY.pop()


def files() -> Files:
    """Return the files of the present suite; none outside of any. Raises what its `find` raises."""
    return _FOUND_BY[-1]() if _FOUND_BY else Files()
