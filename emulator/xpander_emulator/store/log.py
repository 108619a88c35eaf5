"""The port to a log: numbered records of each namespace, within bounds; the log does not read them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """The record of one ordinal.

    epoch:  that of the ordinal; a record of any epoch but the present one is dropped.
    is_new: whether the record is the first of its ordinal; any other replaces the stored one, if that is still there.
    """

    namespace: str
    epoch: int
    ordinal: int
    data: bytes
    is_new: bool = True


class Bounds(NamedTuple):
    """How many records one namespace and all of them may have, and how many bytes all; the oldest are dropped."""

    of_one: int
    of_all: int
    bytes_of_all: int


class Log(Protocol):
    """The port. Every method is atomic, and may raise StoreUnavailable; nothing has changed then."""

    async def next_number(self, namespace: str) -> tuple[int, int]:
        """Return the namespace's epoch, a new one since each reset, and the next ordinal in it; the first is 1.

        No two callers get the same. Each of several processes may take some ordinals in advance.
        """

    async def append(self, records: Sequence[Record], bounds: Bounds) -> None:
        """Store records."""

    async def record(self, namespace: str, ordinal: int) -> bytes | None:
        """Return the record of an ordinal, or None."""

    async def records(self, namespace: str) -> Sequence[bytes]:
        """Return all records of a namespace, in no order."""

    async def dropped(self, namespace: str) -> int:
        """Return how many records were dropped because of the bounds since the last reset."""

    async def counts(self) -> Mapping[str, int]:
        """Return the namespaces that have records, and how many each has."""

    async def reset(self, namespace: str) -> None:
        """Delete a namespace's records and ordinals."""
