"""Facts and an entry of the journal in which every field has a value that is not its default.

What they are stored as is what tests/store/test_format.py holds a format to.
"""

from typing import Final

from xpander_emulator.clock import Clock
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.faults import CUT_STREAM, STATUS, Fault, FaultRule, PathFault, ScenarioFaults
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.signals import Move, Signal
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import (
    After,
    Fake,
    Millis,
    Minted,
    Pause,
    Polls,
    Step,
    StepEvent,
    SubTask,
    Template,
    Timeline,
    Wait,
)
from xpander_emulator.journal.port import Entry
from xpander_emulator.store.codec.facts import CLOCK, FAULTS, PINS
from xpander_emulator.store.port import Contents, Pin, Pins, StartedBy, Task

NAMESPACE: Final = "ns"
_FAULT: Final = Fault("busy", STATUS, 503, (("Retry-After", "1"),), {"detail": "busy"}, 1, 2, 3, 4)
_RULE: Final = FaultRule(_FAULT, 2, None, "getTask", Status.PAUSED)
_VALUES: Final = {
    "template": Template("{{ input.text }}"),
    "fake": Fake("name"),
    "minted": Minted("tool", 1),
    "list": [1, 2.5, None, True, float("inf"), 2**60],
    "object": {"$fake": "zürich"},
}
_EXPIRY: Final = After(Millis(1_000), Millis(2_000), 2)
TIMELINE: Final = Timeline(
    "everything",
    (
        Step("begin", Status.PENDING, Polls(2, 1), _VALUES, streams_result=True, line=3),
        Step(
            "waiting",
            Status.PAUSED,
            Wait({"approve": 2, "reject": 3}, _EXPIRY),
            {"result": None},
            Pause("hitl", "pending_hitl_request", {"title": Template("t")}, {"text": "x"}),
            (SubTask("child", {"input": {"text": "y"}}),),
            (StepEvent(Millis(5), "think", {"text": Template("z")}),),
            faults=(_RULE,),
            line=9,
        ),
        Step("done", Status.EXECUTING, After(Millis(1), Millis(1), 3)),
        Step("end", Status.COMPLETED, sets={"result": "r"}),
    ),
    "stories/everything.yaml",
    ScenarioFaults({"busy": _FAULT}, (FaultRule(Fault("cut", CUT_STREAM, event=7)),)),
)
_SIGNAL: Final = Signal(Millis(2_000), "update", "ann", "so", {"status": "paused", "title": "é"}, Millis(7), 2)
_MOVE: Final = Move(1, "waiting", "approve")
_TURN: Final = Turn(
    TIMELINE,
    "everything",
    b'{"input":{"text":"Refund"}}',
    2**63 + 5,
    Millis(1_000),
    "agent",
    "7",
    "http://127.0.0.1:4020",
    Millis(9),
    (_SIGNAL,),
    "by its id",
    (_MOVE,),
)
CONTENTS: Final = Contents(
    (
        Task("parent", 0, (_TURN,), version=4),
        Task("child", 1, (_TURN._replace(request=b"\xff", signals=()), _TURN), "parent", StartedBy("parent", 0, 1), 5),
    ),
    2,
    {
        CLOCK: Clock("scaled", Millis(3), Millis(4), 60.0),
        PINS: Pins("approval", (Pin("everything", "approve", (_MOVE,), PathFault(_RULE, "waiting")),)),
        FAULTS: (_RULE,),
    },
)
ENTRY: Final = Entry(
    1,
    Millis(1_000),
    Clock("scaled", Millis(3), Millis(4), 60.0),
    0.25,
    "POST",
    "/v1/workflows/everything/invoke",
    b"a=\xe9",
    "invokeWorkflow",
    (b"accept", b"*/*"),
    b'{"input":{}}',
    12,
    422,
    [(b"content-type", b"application/json")],
    b"\xff",
    1,
    2,
    (Violation(("body", "input"), "Field required", "missing", {}, "text", {"a": 1}),),
    "busy",
    3,
    "parent",
    1,
    "everything",
    "everything",
    "waiting",
    "stories/everything.yaml",
    9,
    "paused",
    "by its id",
    "status",
    ("everything", "waiting"),
)
