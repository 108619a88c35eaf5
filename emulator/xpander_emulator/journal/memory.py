"""The journal in memory, gone with the process."""

from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from xpander_emulator.journal.port import BOUNDS, Entry, Number
from xpander_emulator.store.log import Bounds

# How many bytes an entry takes beside its bodies: itself, its headers, its path.
_OVERHEAD: Final = 2_048


@dataclass(slots=True)
class _Data:
    """The entries of one namespace, by ordinal; an ordinal whose response could not be recorded has none."""

    taken: int = 0
    entries: deque[Entry] = field(default_factory=deque)


class MemoryJournal:
    """Stores entries in one process and one event loop.

    Beyond the bounds over all namespaces, the namespace that has been silent for longest loses its oldest entry.
    """

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self._bounds = bounds
        # The namespace that has been silent for longest is the first one.
        self._data: OrderedDict[str, _Data] = OrderedDict()
        self._count = 0
        self._bytes = 0

    async def next_number(self, namespace: str) -> Number:
        data = self._data.get(namespace)
        if data is None:
            data = self._data[namespace] = _Data()
        data.taken += 1
        return Number(data.taken)

    async def append(self, namespace: str, entry: Entry) -> None:
        data = self._data[namespace]
        entries = data.entries
        entries.append(entry)
        self._data.move_to_end(namespace)
        self._count += 1
        self._bytes += _size(entry)
        if len(entries) > self._bounds.of_one:
            self._drop(data)
        elif self._count > self._bounds.of_all:
            self._drop_oldest()
        while self._bytes > self._bounds.bytes_of_all and self._count > 1:
            self._drop_oldest()

    async def replace(self, namespace: str, entry: Entry) -> None:
        data = self._data.get(namespace)
        place = _place(data, entry.ordinal) if data else None
        # After a reset the same ordinal is another request's.
        if data is not None and place is not None and data.entries[place].request_fields is entry.request_fields:
            self._bytes += _size(entry) - _size(data.entries[place])
            data.entries[place] = entry

    async def get(self, namespace: str, ordinal: int) -> Entry | None:
        data = self._data.get(namespace)
        place = _place(data, ordinal) if data else None
        return data.entries[place] if data is not None and place is not None else None

    async def newest(self, namespace: str) -> Sequence[Entry]:
        data = self._data.get(namespace)
        return tuple(reversed(data.entries)) if data else ()

    async def dropped(self, namespace: str) -> int:
        data = self._data.get(namespace)
        return data.taken - len(data.entries) if data else 0

    async def namespaces(self) -> dict[str, int]:
        return {name: len(data.entries) for name, data in self._data.items() if data.entries}

    async def reset(self, namespace: str) -> None:
        data = self._data.pop(namespace, None)
        if data is not None:
            self._count -= len(data.entries)
            self._bytes -= sum(map(_size, data.entries))

    async def close(self) -> None:
        pass

    def _drop_oldest(self) -> None:
        name, data = next(iter(self._data.items()))
        if data.entries:
            self._drop(data)
        if not data.entries:
            del self._data[name]

    def _drop(self, data: _Data) -> None:
        self._count -= 1
        self._bytes -= _size(data.entries.popleft())


def _size(entry: Entry) -> int:
    return len(entry.request_body) + len(entry.body) + _OVERHEAD


def _place(data: _Data, ordinal: int) -> int | None:
    place = bisect_left(data.entries, ordinal, key=attrgetter("ordinal"))
    return place if place < len(data.entries) and data.entries[place].ordinal == ordinal else None
