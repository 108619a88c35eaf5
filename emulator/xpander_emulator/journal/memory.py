"""The journal in memory: a ring for each namespace, gone with the process."""

from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from xpander_emulator.journal.port import MOST_BYTES_IN_ALL, MOST_ENTRIES, MOST_ENTRIES_IN_ALL, Entry, Number

# What an entry takes beside its bodies: itself, its headers, its path.
_OVERHEAD: Final = 2_048


@dataclass(slots=True)
class _Ring:
    """The entries of one namespace, their ordinals ascending; one is missing where its answer could not be recorded."""

    taken: int = 0
    entries: deque[Entry] = field(default_factory=deque)


class MemoryJournal:
    """Keeps entries in one process and one event loop.

    Beyond the bounds over all namespaces, the one that has been silent for longest loses its oldest entry.
    """

    def __init__(
        self, most: int = MOST_ENTRIES, in_all: int = MOST_ENTRIES_IN_ALL, bytes_in_all: int = MOST_BYTES_IN_ALL
    ) -> None:
        self._most = most
        self._most_in_all = in_all
        self._most_bytes = bytes_in_all
        # The namespace that has been silent for longest stands first.
        self._rings: OrderedDict[str, _Ring] = OrderedDict()
        self._count = 0
        self._bytes = 0

    async def next_number(self, namespace: str) -> Number:
        ring = self._rings.get(namespace)
        if ring is None:
            ring = self._rings[namespace] = _Ring()
        ring.taken += 1
        return Number(ring.taken)

    async def keep(self, namespace: str, entry: Entry) -> None:
        ring = self._rings[namespace]
        entries = ring.entries
        entries.append(entry)
        self._rings.move_to_end(namespace)
        self._count += 1
        self._bytes += _size(entry)
        if len(entries) > self._most:
            self._drop(ring)
        elif self._count > self._most_in_all:
            self._drop_oldest()
        while self._bytes > self._most_bytes and self._count > 1:
            self._drop_oldest()

    async def amend(self, namespace: str, entry: Entry) -> None:
        ring = self._rings.get(namespace)
        place = _place(ring, entry.ordinal) if ring else None
        # After a reset the same ordinal is another request's.
        if ring is not None and place is not None and ring.entries[place].request_fields is entry.request_fields:
            self._bytes += _size(entry) - _size(ring.entries[place])
            ring.entries[place] = entry

    async def get(self, namespace: str, ordinal: int) -> Entry | None:
        ring = self._rings.get(namespace)
        place = _place(ring, ordinal) if ring else None
        return ring.entries[place] if ring is not None and place is not None else None

    async def newest(self, namespace: str) -> Sequence[Entry]:
        ring = self._rings.get(namespace)
        return tuple(reversed(ring.entries)) if ring else ()

    async def forgotten(self, namespace: str) -> int:
        ring = self._rings.get(namespace)
        return ring.taken - len(ring.entries) if ring else 0

    async def namespaces(self) -> dict[str, int]:
        return {name: len(ring.entries) for name, ring in self._rings.items() if ring.entries}

    async def reset(self, namespace: str) -> None:
        ring = self._rings.pop(namespace, None)
        if ring is not None:
            self._count -= len(ring.entries)
            self._bytes -= sum(map(_size, ring.entries))

    async def close(self) -> None:
        pass

    def _drop_oldest(self) -> None:
        name, ring = next(iter(self._rings.items()))
        if ring.entries:
            self._drop(ring)
        if not ring.entries:
            del self._rings[name]

    def _drop(self, ring: _Ring) -> None:
        self._count -= 1
        self._bytes -= _size(ring.entries.popleft())


def _size(entry: Entry) -> int:
    return len(entry.request_body) + len(entry.body) + _OVERHEAD


def _place(ring: _Ring, ordinal: int) -> int | None:
    place = bisect_left(ring.entries, ordinal, key=attrgetter("ordinal"))
    return place if place < len(ring.entries) and ring.entries[place].ordinal == ordinal else None
