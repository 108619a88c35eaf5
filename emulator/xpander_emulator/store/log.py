"""The port to a log: numbered records of each namespace, bounded, and what is in a record nobody's business here."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """What is kept of one ordinal; it takes the place of what was kept of it before, if that still is.

    epoch:  that of the ordinal; a record of another one than the present is dropped.
    is_new: whether nothing was kept of it before.
    """

    namespace: str
    epoch: int
    ordinal: int
    data: bytes
    is_new: bool = True


class Bounds(NamedTuple):
    """How many records of one namespace are kept, how many of all, and how many bytes of all; the oldest go first."""

    of_one: int
    of_all: int
    bytes_of_all: int


class Log(Protocol):
    """The port. Every method is atomic, and may raise StoreUnavailable; nothing has changed then."""

    async def take(self, namespace: str) -> tuple[int, int]:
        """Return the namespace's epoch, a new one since each reset, and the next ordinal in it; the first is 1.

        No two callers get the same. Where several processes take ordinals, each may take some in advance.
        """
        ...

    async def append(self, records: Sequence[Record], bounds: Bounds) -> None:
        """Keep records."""
        ...

    async def record(self, namespace: str, ordinal: int) -> bytes | None:
        """Return what is kept of an ordinal, or None."""
        ...

    async def records(self, namespace: str) -> Sequence[bytes]:
        """Return all that is kept of a namespace, in no order."""
        ...

    async def forgotten(self, namespace: str) -> int:
        """Return how many records went because of the bounds since the last reset."""
        ...

    async def kept(self) -> Mapping[str, int]:
        """Return the namespaces of which anything is kept, and how many records each has."""
        ...

    async def reset(self, namespace: str) -> None:
        """Forget a namespace's records and ordinals."""
        ...
