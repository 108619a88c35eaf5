"""Faults: what goes wrong with an answer on purpose, and which requests it strikes. Plain data, opaque to replay."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from xpander_emulator.core.task import Status

STATUS: Final = "status"
LATENCY: Final = "latency"
RESET: Final = "reset"
EMPTY: Final = "empty"
TRUNCATED: Final = "truncated"
MALFORMED: Final = "malformed"
GARBAGE: Final = "garbage"
SLOW_BODY: Final = "slow-body"
CUT_STREAM: Final = "cut-stream"
DUPLICATE_EVENT: Final = "duplicate-event"
OUT_OF_ORDER: Final = "out-of-order"
OF_A_STREAM: Final = (CUT_STREAM, DUPLICATE_EVENT, OUT_OF_ORDER)
# What is not sent at all, and what no client can read.
UNSENT: Final = (RESET, EMPTY)
UNREADABLE: Final = (*UNSENT, TRUNCATED, MALFORMED, GARBAGE)
KINDS: Final = (STATUS, LATENCY, RESET, EMPTY, TRUNCATED, MALFORMED, GARBAGE, SLOW_BODY, *OF_A_STREAM)

# Real time, whatever the clock; so that no client and no test hangs for long.
LONGEST: Final = 60_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an answer goes wrong.

    kind:         one of KINDS.
    status, headers, body: of the answer that kind `status` gives; a body of None is the contract's own for the status.
    low, high:    by how many ms of real time the answer comes late, drawn in that range; beside any kind.
    over:         the ms of real time over which kind `slow-body` spreads the body.
    event:        of the kinds for streams, which event it is about, counted from 1.
    """

    name: str
    kind: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: object = None
    low: int = 0
    high: int = 0
    over: int = 0
    event: int = 2

    @property
    def is_of_a_stream(self) -> bool:
        """Whether it means something only where events are streamed."""
        return self.kind in OF_A_STREAM


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Which requests a fault strikes: of those that fit, the `nth` and those behind it, `times` in all.

    times:       None for every one from the nth on.
    operation:   the id of the only operation that fits; None for those that its place implies.
    task_status: fits only while the task has this status.
    """

    fault: Fault
    nth: int = 1
    times: int | None = 1
    operation: str | None = None
    task_status: Status | None = None

    def strikes(self, ordinal: int) -> bool:
        """Tell whether it strikes the request that was the `ordinal`-th to fit, counted from 1."""
        return ordinal >= self.nth and (self.times is None or ordinal < self.nth + self.times)

    def after(self, met: int) -> "FaultRule | None":
        """Return what is left of it once `met` requests have fitted it, or None."""
        if met < self.nth:
            return replace(self, nth=self.nth - met)
        struck = met - self.nth + 1
        left = None if self.times is None else self.times - struck
        return replace(self, nth=1, times=left) if left is None or left > 0 else None

    def __str__(self) -> str:
        often = "always" if self.times is None else "once" if self.times == 1 else f"{self.times} times"
        since = "" if self.nth == 1 else f" from request {self.nth} on"
        where = "" if self.operation is None else f" at {self.operation}"
        status = "" if self.task_status is None else f" while {self.task_status}"
        return f"{self.fault.name} {often}{since}{where}{status}"


@dataclass(frozen=True, slots=True)
class ScenarioFaults:
    """The faults of a scenario: those that it names, and those that strike any request for its tasks."""

    named: Mapping[str, Fault] = field(default_factory=lambda: MappingProxyType({}))
    rules: tuple[FaultRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that strikes a task which goes along a path: in the step of this id only, or anywhere for None."""

    rule: FaultRule
    step: str | None = None


NO_FAULTS: Final = ScenarioFaults()
_WAIT: Final = (("Retry-After", "1"),)
BUILT_IN: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        fault.name: fault
        for fault in (
            Fault("rate-limited", STATUS, 429, _WAIT),
            Fault("server-error", STATUS, 500),
            Fault("unavailable", STATUS, 503, _WAIT),
            Fault("slow", LATENCY, low=1_000, high=3_000),
            Fault(RESET, RESET),
            Fault(EMPTY, EMPTY),
            Fault(TRUNCATED, TRUNCATED),
            Fault(MALFORMED, MALFORMED),
            Fault(GARBAGE, GARBAGE),
            Fault(SLOW_BODY, SLOW_BODY, over=2_000),
            Fault(CUT_STREAM, CUT_STREAM),
            Fault(DUPLICATE_EVENT, DUPLICATE_EVENT),
            Fault(OUT_OF_ORDER, OUT_OF_ORDER),
        )
    }
)
"""The faults that need no writing down, by their names."""
