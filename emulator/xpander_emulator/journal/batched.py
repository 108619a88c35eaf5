"""The journal in a log that several processes share, written in batches and redacted before."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

from xpander_emulator.journal.codec import from_record, to_record
from xpander_emulator.journal.port import MOST_BYTES_IN_ALL, MOST_ENTRIES, MOST_ENTRIES_IN_ALL, Entry, Number
from xpander_emulator.journal.redaction import Redaction
from xpander_emulator.store.log import Bounds, Log, Record
from xpander_emulator.store.port import StoreUnavailable

# An entry is written this long after it came, at the latest; what is asked of this very process is written at once.
WRITE_SECONDS: Final = 0.05
# How long a reading waits for what the others have not written yet.
PATIENCE_SECONDS: Final = 0.1
_BATCH: Final = 256
# While the store cannot be had, the newest of so many wait.
MOST_HELD: Final = 4_096
_AGAIN_SECONDS: Final = 1.0
_BOUNDS: Final = Bounds(MOST_ENTRIES, MOST_ENTRIES_IN_ALL, MOST_BYTES_IN_ALL)

_logger: Final = logging.getLogger("xpander_emulator")


class _Held(NamedTuple):
    """An entry that waits to be written, and whether nothing of its number was written before."""

    entry: Entry
    is_new: bool


class BatchedJournal:
    """Keeps entries in a log. What is held back is lost with a process that is killed.

    is_shared: whether other workers write too, so that a reading waits for them.
    """

    def __init__(self, log: Log, redaction: Redaction, is_shared: bool, bounds: Bounds = _BOUNDS) -> None:
        self._log = log
        self._redaction = redaction
        self._patience = PATIENCE_SECONDS if is_shared else 0.0
        self._bounds = bounds
        self._held: dict[tuple[str, int, int], _Held] = {}
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        self._is_full = asyncio.Event()

    async def next_number(self, namespace: str) -> Number:
        epoch, ordinal = await self._log.next_number(namespace)
        return Number(ordinal, epoch)

    async def keep(self, namespace: str, entry: Entry) -> None:
        self._hold((namespace, entry.epoch, entry.ordinal), _Held(entry, is_new=True))

    async def amend(self, namespace: str, entry: Entry) -> None:
        key = (namespace, entry.epoch, entry.ordinal)
        self._hold(key, _Held(entry, key in self._held and self._held[key].is_new))

    async def get(self, namespace: str, ordinal: int) -> Entry | None:
        await self._settle()
        record = await self._log.record(namespace, ordinal)
        return None if record is None else from_record(record)

    async def newest(self, namespace: str) -> Sequence[Entry]:
        await self._settle()
        found = [from_record(record) for record in await self._log.records(namespace)]
        entries = [entry for entry in found if entry is not None]
        return sorted(entries, key=lambda entry: (entry.time, entry.ordinal), reverse=True)

    async def forgotten(self, namespace: str) -> int:
        await self._write()
        return await self._log.dropped(namespace)

    async def namespaces(self) -> dict[str, int]:
        await self._settle()
        return dict(await self._log.counts())

    async def reset(self, namespace: str) -> None:
        async with self._writing:
            self._held = {key: held for key, held in self._held.items() if key[0] != namespace}
            await self._log.reset(namespace)

    async def close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        try:
            await self._write()
        except StoreUnavailable as error:
            _logger.error("The last %d requests are not in the journal: %s", len(self._held), error.message)
        # Whoever goes on with it may do so in another loop.
        self._writing, self._is_full = asyncio.Lock(), asyncio.Event()

    def _hold(self, key: tuple[str, int, int], held: _Held) -> None:
        self._held[key] = held
        if len(self._held) > MOST_HELD:
            del self._held[next(iter(self._held))]
        if len(self._held) >= _BATCH:
            self._is_full.set()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_soon(), name="journal")

    async def _settle(self) -> None:
        """Return once all is written that was answered before."""
        await asyncio.sleep(self._patience)
        await self._write()

    async def _write_soon(self) -> None:
        """Write until nothing is held."""
        was_away = False
        while self._held:
            try:
                if not was_away:
                    async with asyncio.timeout(WRITE_SECONDS):
                        await self._is_full.wait()
            except TimeoutError:
                pass
            try:
                await self._write()
                was_away = False
            except StoreUnavailable as error:
                if not was_away:
                    _logger.warning("The journal is written later: %s", error.message)
                was_away = True
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _write(self) -> None:
        """Write all that is held. Raises StoreUnavailable; then it still is held."""
        async with self._writing:
            held, self._held = self._held, {}
            self._is_full.clear()
            if not held:
                return
            records = [
                Record(*key, to_record(self._redaction.entry(each.entry)), each.is_new) for key, each in held.items()
            ]
            written = False
            try:
                await self._log.append(records, self._bounds)
                written = True
            finally:
                if not written:
                    self._held = _joined(held, self._held)


def _joined(
    earlier: dict[tuple[str, int, int], _Held], later: dict[tuple[str, int, int], _Held]
) -> dict[tuple[str, int, int], _Held]:
    """Return what is held in all; an entry that was to be new still is, however it was amended since."""
    joined = dict(earlier)
    for key, held in later.items():
        joined[key] = held._replace(is_new=held.is_new or (key in earlier and earlier[key].is_new))
    for key in list(joined)[: max(0, len(joined) - MOST_HELD)]:
        del joined[key]
    return joined
