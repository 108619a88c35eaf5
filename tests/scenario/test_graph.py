from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import After, Millis, Polls, Step, Timeline, Wait
from xpander_emulator.scenario.graph import graph, mermaid

TIMELINE = Timeline(
    "refund",
    (
        Step("pending", Status.PENDING, After(Millis(1000), Millis(3000), 1), line=4),
        Step("read", Status.EXECUTING, Polls(2, 2), line=6),
        Step("ask", Status.PAUSED, Wait({"approve": 3, "expire": 1}, None), line=8),
        Step("wait_more", Status.PAUSED, Wait({"call-back": 4}, After(Millis(60_000), Millis(60_000), 4)), line=10),
        Step("completed", Status.COMPLETED, line=12),
    ),
)


def test_a_graph_has_every_step_and_every_way_out() -> None:
    assert graph(TIMELINE) == {
        "nodes": [
            {"id": "pending", "status": "pending", "line": 4},
            {"id": "read", "status": "executing", "line": 6},
            {"id": "ask", "status": "paused", "line": 8},
            {"id": "wait_more", "status": "paused", "line": 10},
            {"id": "completed", "status": "completed", "line": 12},
        ],
        "edges": [
            {"from": "pending", "to": "read", "by": "after", "after": "1s..3s"},
            {"from": "read", "to": "ask", "by": "polls", "count": 2},
            {"from": "ask", "to": "wait_more", "by": "approve"},
            {"from": "ask", "to": "read", "by": "expire"},
            {"from": "wait_more", "to": "completed", "by": "call-back"},
            {"from": "wait_more", "to": "completed", "by": "expire", "after": "1m"},
        ],
    }


def test_a_diagram_shows_the_same_to_mermaid() -> None:
    assert mermaid(TIMELINE) == (
        "stateDiagram-v2\n"
        "    [*] --> s0\n"
        '    state "pending" as s0\n'
        '    state "read (executing)" as s1\n'
        '    state "ask (paused)" as s2\n'
        '    state "wait_more (paused)" as s3\n'
        '    state "completed" as s4\n'
        "    s0 --> s1 : after 1s..3s\n"
        "    s1 --> s2 : 2 reads\n"
        "    s2 --> s3 : approve\n"
        "    s2 --> s1 : expire\n"
        "    s3 --> s4 : call-back\n"
        "    s3 --> s4 : expire after 1m\n"
        "    s4 --> [*]\n"
    )


def test_a_diagram_escapes_what_mermaid_would_read() -> None:
    timeline = Timeline("x", (Step('a"; b:c', Status.ERROR),))

    assert 'state "a#34;#59; b#58;c (error)" as s0' in mermaid(timeline)
