"""The journal: what was asked and answered, and by which line of which story. The port to where it is kept.

Entries are kept as they came; whoever shows one goes through `redaction`.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple, Protocol

from xpander_emulator.clock import Clock
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.faults import UNREADABLE, UNSENT
from xpander_emulator.core.timeline import Millis

# Of each body so many bytes are kept.
MOST_OF_A_BODY: Final = 64 * 1024
# Bounds of what is kept: entries of one namespace, and of all of them together.
MOST_ENTRIES: Final = 10_000
MOST_ENTRIES_IN_ALL: Final = 50_000
MOST_BYTES_IN_ALL: Final = 128 * 1024 * 1024


def fields_of(headers: Headers) -> tuple[bytes, ...]:
    """Return names and values of headers in turn."""
    return tuple(chain.from_iterable(headers))


class Number(NamedTuple):
    """The number of an answer: `ordinal` counts from 1 in each epoch, one of which begins with each reset."""

    ordinal: int
    epoch: int = 0


# One is made with every request. A NamedTuple is as immutable as a frozen dataclass and comes into being in a third of
# the time (benchmarks/README.md).
class Entry(NamedTuple):
    """One request and its answer.

    ordinal:   counts the answers of a namespace from 1, since its last reset; sent as `X-Emulator-Request`.
    epoch:     that of the ordinal.
    time:      when it was answered, on the machine's clock; `clock` is the namespace's as it went then.
    seconds:   from the arrival of the request to the answer, of a stream to its end; None while it goes on.
    operation: the id of the operation that matched, or None.
    request_fields: names and values of the request's headers in turn, one object where pairs would be many.
    request_body, body: of the request and of the answer, at most 64 KiB of each; the sizes are those of the whole.
    violations: how the request broke the contract.
    fault:     the name of the fault that was played, or None; with it, its kind, and the scenario and step whose it is
               (step "" for the whole scenario), or None where it is no scenario's.
    events:    how many events a stream has sent; None where it is no stream.
    task_id:   of the task that the answer shows, or None; with it, which turn counted from 1, what it runs, its
               scenario and step, the file and line of the step, its status, and why it plays this scenario.
    """

    ordinal: int
    time: Millis
    clock: Clock
    seconds: float | None
    method: str
    path: str
    query: bytes
    operation: str | None
    request_fields: tuple[bytes, ...]
    request_body: bytes
    request_size: int
    status: int
    headers: Headers
    body: bytes
    size: int
    epoch: int = 0
    violations: tuple[Violation, ...] = ()
    fault: str | None = None
    events: int | None = None
    task_id: str | None = None
    turn: int | None = None
    runs: str | None = None
    scenario: str | None = None
    step: str | None = None
    file: str = ""
    line: int = 0
    task_status: str | None = None
    chosen: str = ""
    fault_kind: str | None = None
    fault_place: tuple[str, str] | None = None

    @property
    def request_headers(self) -> Headers:
        """The request's headers, in the order sent."""
        return tuple(zip(self.request_fields[::2], self.request_fields[1::2], strict=True))

    @property
    def at(self) -> Millis:
        """When it was answered, on the namespace's clock."""
        return self.clock.now(self.time)

    @property
    def source(self) -> str | None:
        """`file:line` of the step that answered, or None."""
        return None if self.step is None else f"{self.file}:{self.line}"

    @property
    def is_unmatched(self) -> bool:
        """Whether no operation matched, or the request broke the contract."""
        return self.operation is None or bool(self.violations)

    @property
    def was_sent(self) -> bool:
        """Whether anything of the answer reached the client, as far as its fault goes."""
        return self.fault_kind not in UNSENT

    @property
    def was_readable(self) -> bool:
        """Whether the client could make sense of the answer, as far as its fault goes."""
        return self.fault_kind not in UNREADABLE

    @property
    def began(self) -> float:
        """When the request arrived, in seconds since the epoch on the machine's clock; of a stream, when it opened."""
        taken = self.seconds if self.events is None else None
        return self.time / 1000 - (taken or 0.0)


def kept_of(body: bytes) -> bytes:
    """Return what is kept of a body."""
    return body if len(body) <= MOST_OF_A_BODY else body[:MOST_OF_A_BODY]


class Journal(Protocol):
    """The port to where entries are kept. Every method is atomic. A namespace is named, never by an API key.

    What is oldest is forgotten where a bound is passed.
    """

    async def next_number(self, namespace: str) -> Number:
        """Take the next number; no two answers of a namespace get the same."""
        ...

    async def keep(self, namespace: str, entry: Entry) -> None:
        """Keep the entry of a number that was taken."""
        ...

    async def amend(self, namespace: str, entry: Entry) -> None:
        """Put an entry in the place of what was kept of the same request, if that still is."""
        ...

    async def get(self, namespace: str, ordinal: int) -> Entry | None:
        """Return an entry, or None."""
        ...

    async def newest(self, namespace: str) -> Sequence[Entry]:
        """Return every entry that is kept of a namespace, newest first."""
        ...

    async def forgotten(self, namespace: str) -> int:
        """Return how many of its entries were forgotten since its last reset."""
        ...

    async def namespaces(self) -> dict[str, int]:
        """Return the namespaces with entries, and how many each has."""
        ...

    async def reset(self, namespace: str) -> None:
        """Forget a namespace's entries; its ordinals begin anew."""
        ...

    async def close(self) -> None:
        """Write what is held back."""
        ...
