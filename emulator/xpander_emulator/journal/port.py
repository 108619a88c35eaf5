"""The journal: requests and their responses, with the line of the scenario behind each. The port to its store.

Entries are stored as they came; `redaction` removes credentials from all that is shown.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple, Protocol

from xpander_emulator.clock import Clock
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.faults import UNREADABLE, UNSENT
from xpander_emulator.core.timeline import Millis
from xpander_emulator.store.log import Bounds

# How many bytes of each body are stored.
MOST_OF_A_BODY: Final = 64 * 1024
BOUNDS: Final = Bounds(of_one=10_000, of_all=50_000, bytes_of_all=128 * 1024 * 1024)


def fields_of(headers: Headers) -> tuple[bytes, ...]:
    """Return the names and values of headers, one after the other in one tuple."""
    return tuple(chain.from_iterable(headers))


class Number(NamedTuple):
    """The number of a response: `ordinal` counts from 1 in each epoch, one of which begins with each reset."""

    ordinal: int
    epoch: int = 0


# Every request makes an entry. A NamedTuple is as immutable as a frozen dataclass and made in a third of the time
# (benchmarks/README.md).
class Entry(NamedTuple):
    """One request and its response.

    ordinal:   counts the responses of a namespace from 1, since its last reset; sent as `X-Emulator-Request`.
    epoch:     that of the ordinal.
    time:      of the response, on the machine's clock; `clock` is the namespace's clock at that time.
    seconds:   from the arrival of the request to the response, of a stream to its end; None while the stream is open.
    operation: the id of the operation that matched, or None.
    request_fields: names and values of the request's headers in one tuple: pairs would be many objects.
    request_body, body: of the request and of the response, at most 64 KiB of each; the sizes are those of the whole.
    violations: how the request broke the contract.
    fault:     the name of the injected fault, or None; with it, its kind, and the scenario and step of its rule ("" for
               the whole scenario), or None where the rule is of no scenario.
    events:    how many events a stream has sent; None where the response is no stream.
    task_id:   of the task that the response shows, or None; with it, the turn counted from 1, what it runs, its
               scenario and step, the file and line of the step, its status, and why it takes this scenario.
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
        """When the response was sent, on the namespace's clock."""
        return self.clock.now(self.time)

    @property
    def source(self) -> str | None:
        """`file:line` of the step behind the response, or None."""
        return None if self.step is None else f"{self.file}:{self.line}"

    @property
    def is_unmatched(self) -> bool:
        """Whether no operation matched, or the request broke the contract."""
        return self.operation is None or bool(self.violations)

    @property
    def was_sent(self) -> bool:
        """Whether the fault let any part of the response reach the client."""
        return self.fault_kind not in UNSENT

    @property
    def was_readable(self) -> bool:
        """Whether the fault let the client read the response."""
        return self.fault_kind not in UNREADABLE

    @property
    def began(self) -> float:
        """When the request arrived, in seconds since the epoch on the machine's clock; of a stream, when it opened."""
        taken = self.seconds if self.events is None else None
        return self.time / 1000 - (taken or 0.0)


def truncated(body: bytes) -> bytes:
    """Return the part of a body that is stored."""
    return body if len(body) <= MOST_OF_A_BODY else body[:MOST_OF_A_BODY]


class Journal(Protocol):
    """The port to a journal. Every method is atomic. A namespace is named, never by an API key.

    Beyond a bound, the oldest entries are dropped.
    """

    async def next_number(self, namespace: str) -> Number:
        """Take the next number; no two responses of a namespace get the same."""

    async def append(self, namespace: str, entry: Entry) -> None:
        """Store the entry of a number that was taken."""

    async def replace(self, namespace: str, entry: Entry) -> None:
        """Put an entry in the place of the stored one of the same request, if that is still there."""

    async def get(self, namespace: str, ordinal: int) -> Entry | None:
        """Return an entry, or None."""

    async def newest(self, namespace: str) -> Sequence[Entry]:
        """Return all entries of a namespace, newest first."""

    async def dropped(self, namespace: str) -> int:
        """Return how many entries of a namespace were dropped since its last reset."""

    async def namespaces(self) -> dict[str, int]:
        """Return the namespaces with entries, and how many each has."""

    async def reset(self, namespace: str) -> None:
        """Delete a namespace's entries; its ordinals begin anew."""

    async def close(self) -> None:
        """Write the entries that are not written yet."""
