"""Watching: scenarios are read again when their files change; the stories under way go on as they began.

A good set takes the place of the old one at once; a broken one leaves it, and the log tells every mistake.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from xpander_emulator.contract.model import Contract
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.compile import SUFFIXES
from xpander_emulator.scenario.load import check_runnables, load_catalogue
from xpander_emulator.scenario.selection import Catalogue
from xpander_emulator.settings import Settings

# Some file systems tell nobody of a change, such as shares and folders that a container mounts: there it is looked for.
_LOOK_MILLIS: Final = 1_000
_STEP_MILLIS: Final = 50

Marks = Mapping[Path, tuple[int, int, int]]
"""What tells a file from its next version: when it was changed, its size, and which file it is."""

_logger: Final = logging.getLogger("xpander_emulator")


def marks(paths: Sequence[Path]) -> Marks:
    """Return the marks of files, and of the scenarios in folders; what is not there has none."""
    return dict(mark for path in paths for file in _files(path) for mark in _mark(file))


class Watcher:
    """Keeps an engine's scenarios as their files are. It must be made before they are loaded, to miss no change."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._contract = (settings.spec,) if settings.spec else ()
        self._scenarios_seen = marks(settings.scenarios)
        self._contract_seen = marks(self._contract)

    async def run(self, engine: Engine, contract: Contract, stop: asyncio.Event) -> None:
        """Watch until `stop` is set, or the system does not let it, which the log then tells."""
        # Imported by who watches alone: it costs 30 ms.
        from watchfiles import awatch

        changes = awatch(
            *_folders((*self._settings.scenarios, *self._contract)),
            watch_filter=None,
            step=_STEP_MILLIS,
            stop_event=stop,
            rust_timeout=_LOOK_MILLIS,
            yield_on_timeout=True,
            recursive=False,
        )
        try:
            async for _ in changes:
                await self.look(engine, contract)
        except OSError as error:  # on Linux, for instance, where other programs watch too many files
            _logger.error("The scenarios are not watched: %s. Restart the server to read them again.", error)

    async def look(self, engine: Engine, contract: Contract) -> None:
        """Read the scenarios again if a file of theirs has changed, and say what has come of it."""
        if (seen := marks(self._contract)) != self._contract_seen:
            self._contract_seen = seen
            _logger.warning("%s has changed. Restart the server to serve it.", self._settings.spec)
        if (seen := marks(self._settings.scenarios)) == self._scenarios_seen:
            return
        self._scenarios_seen = seen
        try:
            found = await asyncio.to_thread(self._load, contract)
        except InvalidFiles as error:
            _logger.error("%s\nThe scenarios stay as they were until this is mended.", error.message)
            return
        told = difference(engine.catalogue, found)
        engine.adopt(found)
        _logger.info("Scenarios read again: %s.", told)

    def _load(self, contract: Contract) -> Catalogue:
        found = load_catalogue(self._settings.scenarios, contract)
        check_runnables(self._settings.runnables, found)
        return found


def difference(before: Catalogue, after: Catalogue) -> str:
    """Return in words which scenarios were added, changed and removed."""
    kinds = {
        "added": [name for name in after if name not in before],
        "changed": [name for name in after if name in before and after[name] != before[name]],
        "removed": [name for name in before if name not in after],
    }
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in kinds.items() if names) or "they are as they were"


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    with suppress(OSError):  # it may go while it is read
        yield from (file for file in path.iterdir() if file.suffix in SUFFIXES)


def _mark(file: Path) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    try:
        found = file.stat()
    except OSError:
        return
    yield file, (found.st_mtime_ns, found.st_size, found.st_ino)


def _folders(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders to watch: an editor saves a file by putting another one in its place."""
    return tuple(dict.fromkeys(path if path.is_dir() else path.resolve().parent for path in paths))
