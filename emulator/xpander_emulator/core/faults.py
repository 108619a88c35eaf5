"""Faults: responses that fail on purpose, and the rules that say which requests they strike.

Plain data, opaque to replay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from xpander_emulator.core.status import Status

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
STREAM_KINDS: Final = (CUT_STREAM, DUPLICATE_EVENT, OUT_OF_ORDER)
# Faults of which the client receives nothing, and those whose response no client can read.
UNSENT: Final = (RESET, EMPTY)
UNREADABLE: Final = (*UNSENT, TRUNCATED, MALFORMED, GARBAGE)
KINDS: Final = (STATUS, LATENCY, RESET, EMPTY, TRUNCATED, MALFORMED, GARBAGE, SLOW_BODY, *STREAM_KINDS)

# In ms of real time, whatever the clock: a longer delay would block a test run.
LONGEST: Final = 60_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a response fails.

    kind:      one of KINDS.
    status, headers, body: the response of kind `status`; a body of None is the contract's own body for the status.
    low, high: the delay of the response in ms of real time, drawn from that range; beside any kind.
    over:      the ms of real time over which kind `slow-body` spreads the body.
    event:     which event of a stream the kinds in STREAM_KINDS strike, counted from 1.
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
    def is_stream_fault(self) -> bool:
        """Whether the fault exists only in streams of events."""
        return self.kind in STREAM_KINDS


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Which requests a fault strikes: `times` matching requests in a row, beginning with the `nth`.

    times:       None for every matching request from the nth on.
    operation:   the id of the only operation that matches; None for the operations that the rule's place implies.
    task_status: the rule matches only while the task has this status.
    """

    fault: Fault
    nth: int = 1
    times: int | None = 1
    operation: str | None = None
    task_status: Status | None = None

    def strikes(self, ordinal: int) -> bool:
        """Return whether the rule strikes the `ordinal`-th matching request, counted from 1."""
        return ordinal >= self.nth and (self.times is None or ordinal < self.nth + self.times)

    def after(self, count: int) -> "FaultRule | None":
        """Return the rule that remains after `count` matching requests, or None where nothing remains."""
        if count < self.nth:
            return replace(self, nth=self.nth - count)
        if self.times is None:
            return replace(self, nth=1)
        times = self.times - (count - self.nth + 1)
        return replace(self, nth=1, times=times) if times > 0 else None

    def __str__(self) -> str:
        often = "always" if self.times is None else "once" if self.times == 1 else f"{self.times} times"
        since = "" if self.nth == 1 else f" from request {self.nth} on"
        where = "" if self.operation is None else f" at {self.operation}"
        status = "" if self.task_status is None else f" while {self.task_status}"
        return f"{self.fault.name} {often}{since}{where}{status}"


@dataclass(frozen=True, slots=True)
class ScenarioFaults:
    """The faults of a scenario: `named` defines faults, `rules` apply to every request for its tasks."""

    named: Mapping[str, Fault] = field(default_factory=lambda: MappingProxyType({}))
    rules: tuple[FaultRule, ...] = ()


@dataclass(frozen=True, slots=True)
class PathFault:
    """The one fault of a scenario path: its rule, and the id of the step in which it applies, None for all steps."""

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
"""The faults that every scenario may use without defining them, by name."""
