"""Reload: scenarios are read again when their files change. Live tasks go on along their timelines.

Valid scenarios replace the old ones at once; with any mistake the old ones stay, and the log has every mistake.
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

# Some file systems notify nobody of changes, such as shares and folders that a container mounts: these are polled.
_LOOK_MILLIS: Final = 1_000
_STEP_MILLIS: Final = 50

Marks = Mapping[Path, tuple[int, int, int]]
"""The time of its last change, the size and the inode of each file, by which its versions differ."""

_logger: Final = logging.getLogger("xpander_emulator")


def marks(paths: Sequence[Path]) -> Marks:
    """Return the marks of files, and of the scenarios in folders; a path that does not exist has none."""
    return dict(mark for path in paths for file in _files(path) for mark in _mark(file))


class Watcher:
    """Reloads the scenarios of an engine. It must be made before they are loaded, to miss no change."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._contract = (settings.spec,) if settings.spec else ()
        self._scenarios_seen = marks(settings.scenarios)
        self._contract_seen = marks(self._contract)

    async def run(self, engine: Engine, contract: Contract, stop: asyncio.Event) -> None:
        """Watch until `stop` is set, or until the system refuses to watch, which is logged."""
        # Imported here, because it costs 30 ms.
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
                await self.check(engine, contract)
        except OSError as error:  # on Linux, for instance, where other programs watch too many files
            _logger.error("The scenarios are not watched: %s. Restart the server to read them again.", error)

    async def check(self, engine: Engine, contract: Contract) -> None:
        """Read the scenarios again if one of their files has changed, and log the result."""
        if (seen := marks(self._contract)) != self._contract_seen:
            self._contract_seen = seen
            _logger.warning("%s has changed. Restart the server to serve it.", self._settings.spec)
        if (seen := marks(self._settings.scenarios)) == self._scenarios_seen:
            return
        self._scenarios_seen = seen
        try:
            catalogue = await asyncio.to_thread(self._load, contract)
        except InvalidFiles as error:
            _logger.error("%s\nThe scenarios stay as they were until this is mended.", error.message)
            return
        changes = difference(engine.catalogue, catalogue)
        engine.adopt(catalogue)
        _logger.info("Scenarios read again: %s.", changes)

    def _load(self, contract: Contract) -> Catalogue:
        catalogue = load_catalogue(self._settings.scenarios, contract)
        check_runnables(self._settings.runnables, catalogue)
        return catalogue


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
    with suppress(OSError):  # the folder may be deleted meanwhile
        yield from (file for file in path.iterdir() if file.suffix in SUFFIXES)


def _mark(file: Path) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    with suppress(OSError):
        status = file.stat()
        yield file, (status.st_mtime_ns, status.st_size, status.st_ino)


def _folders(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders to watch: an editor saves a file by replacing it with another one."""
    return tuple(dict.fromkeys(path if path.is_dir() else path.resolve().parent for path in paths))
