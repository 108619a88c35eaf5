"""The journal in a log that several processes share: entries are redacted, then written in batches."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeAlias

from xpander_emulator.journal.codec import from_record, to_record
from xpander_emulator.journal.port import BOUNDS, Entry, Number
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.store.log import Bounds, Log, Record
from xpander_emulator.store.port import StoreUnavailable

# The longest delay of a write; a read writes the waiting entries of its process first.
WRITE_SECONDS: Final = 0.05
# How long a read waits for the writes of other processes.
PATIENCE_SECONDS: Final = 0.1
_BATCH: Final = 256
# How many entries wait while the store is away; the oldest are dropped.
MOST_HELD: Final = 4_096
_RETRY_SECONDS: Final = 1.0

_logger: Final = logging.getLogger("xpander_emulator")

# Namespace, epoch and ordinal of an entry.
_Key: TypeAlias = tuple[str, int, int]


class _Held(NamedTuple):
    """An entry that waits to be written, and whether it is the first one of its number."""

    entry: Entry
    is_new: bool


class BatchedJournal:
    """Stores entries in a log. The entries that wait are lost with a process that is killed.

    is_shared: whether other workers write too, so that a read waits for their writes.
    """

    def __init__(self, log: Log, redaction: Redaction, is_shared: bool, bounds: Bounds = BOUNDS) -> None:
        self._log = log
        self._redaction = redaction
        self._patience = PATIENCE_SECONDS if is_shared else 0.0
        self._bounds = bounds
        self._held: dict[_Key, _Held] = {}
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        self._is_full = asyncio.Event()

    async def next_number(self, namespace: str) -> Number:
        epoch, ordinal = await self._log.next_number(namespace)
        return Number(ordinal, epoch)

    async def append(self, namespace: str, entry: Entry) -> None:
        self._hold((namespace, entry.epoch, entry.ordinal), _Held(entry, is_new=True))

    async def replace(self, namespace: str, entry: Entry) -> None:
        key = (namespace, entry.epoch, entry.ordinal)
        self._hold(key, _Held(entry, key in self._held and self._held[key].is_new))

    async def get(self, namespace: str, ordinal: int) -> Entry | None:
        await self._settle()
        record = await self._log.record(namespace, ordinal)
        return None if record is None else from_record(record)

    async def newest(self, namespace: str) -> Sequence[Entry]:
        await self._settle()
        entries = map(from_record, await self._log.records(namespace))
        readable = [entry for entry in entries if entry is not None]
        return sorted(readable, key=lambda entry: (entry.time, entry.ordinal), reverse=True)

    async def dropped(self, namespace: str) -> int:
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
        # The journal may be used again in another event loop.
        self._writing, self._is_full = asyncio.Lock(), asyncio.Event()

    def _hold(self, key: _Key, held: _Held) -> None:
        self._held[key] = held
        if len(self._held) > MOST_HELD:
            del self._held[next(iter(self._held))]
        if len(self._held) >= _BATCH:
            self._is_full.set()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_soon(), name="journal")

    async def _settle(self) -> None:
        """Return once the entries of all earlier responses are written."""
        await asyncio.sleep(self._patience)
        await self._write()

    async def _write_soon(self) -> None:
        """Write until no entry waits."""
        was_away = False
        while self._held:
            if not was_away:
                with suppress(TimeoutError):
                    async with asyncio.timeout(WRITE_SECONDS):
                        await self._is_full.wait()
            try:
                await self._write()
                was_away = False
            except StoreUnavailable as error:
                if not was_away:
                    _logger.warning("The journal is written later: %s", error.message)
                was_away = True
                await asyncio.sleep(_RETRY_SECONDS)

    async def _write(self) -> None:
        """Write all entries that wait. Raises StoreUnavailable, and then they still wait."""
        async with self._writing:
            held, self._held = self._held, {}
            self._is_full.clear()
            if not held:
                return
            records = [
                Record(*key, to_record(self._redaction.entry(each.entry)), each.is_new) for key, each in held.items()
            ]
            try:
                await self._log.append(records, self._bounds)
            except BaseException:
                self._held = _merged(held, self._held)
                raise


def _merged(earlier: dict[_Key, _Held], later: dict[_Key, _Held]) -> dict[_Key, _Held]:
    """Return all entries that wait; the first one of a number stays the first, also if it was replaced since."""
    merged = dict(earlier)
    for key, held in later.items():
        merged[key] = held._replace(is_new=held.is_new or (key in earlier and earlier[key].is_new))
    for key in list(merged)[: max(0, len(merged) - MOST_HELD)]:
        del merged[key]
    return merged
