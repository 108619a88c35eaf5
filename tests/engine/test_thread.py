from collections.abc import Mapping
from typing import Any

from tests.engines import make_engine, start
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.engine.thread import activity, messages

FIRST = 1_767_225_600  # 2026-01-01T00:00:00Z, the start of a manual clock
USER = {"id": "u1", "email": "ann@example.com"}


async def turns(engine: Engine) -> list[tuple[TaskState, Mapping[str, Any]]]:
    """Return each turn of task `t`, with its body in that turn."""
    states = await engine.task_states.turns("ns", "t")
    return [(task_state, engine.renderer.task(task_state)) for task_state in states]


async def two_turns() -> Engine:
    """Start task `t`, play it to its end in two seconds, and start a second turn that still goes on."""
    engine = make_engine()
    request = {"text": "Refund 1042", "files": ["a.pdf"], "user": USER}
    await engine.start("ns", start("completed", id="t", input=request))
    await engine.advance("ns", 2_000)
    await engine.start("ns", start("approval", id="t", input={"text": "And 1043?", "user": USER}))
    return engine


async def test_a_turn_that_goes_on_has_its_request_alone() -> None:
    [_, (task_state, body)] = await turns(await two_turns())

    assert messages(task_state, body) == [
        {"id": "t_user_2", "role": "user", "content": "And 1043?", "created_at": FIRST + 2}
    ]


async def test_a_turn_that_has_ended_has_its_request_and_its_result_at_their_instants() -> None:
    [(task_state, body), _] = await turns(await two_turns())

    assert messages(task_state, body) == [
        {"id": "t_user_1", "role": "user", "content": "Refund 1042", "created_at": FIRST},
        {"id": "t_agent_1", "role": "assistant", "content": body["result"], "created_at": FIRST + 1},
    ]
    assert body["result"]


async def test_an_activity_log_has_the_messages_of_all_turns_with_their_files() -> None:
    both = await turns(await two_turns())

    log = activity(both)

    assert (log["id"], log["created_at"]) == ("t", "2026-01-01T00:00:00.000000Z")
    assert log["user"] == both[-1][1]["input"]["user"]
    assert [(entry["id"], entry["role"], entry["content"]["files"]) for entry in log["messages"]] == [
        ("t_user_1", "user", ["a.pdf"]),
        ("t_agent_1", "agent", []),
        ("t_user_2", "user", []),
    ]
    assert [entry["content"]["text"] for entry in log["messages"]][::2] == ["Refund 1042", "And 1043?"]
    assert log["messages"][2]["created_at"] == "2026-01-01T00:00:02.000000Z"
