"""What may be written as a fault: everything wrong with it is told, and nothing that was taken breaks an answer."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import contract, make_engine, start
from tests.profiles import examples
from tests.web.api_client import api
from xpander_emulator.core.faults import BUILT_IN, KINDS, LONGEST
from xpander_emulator.engine.fault_selection import FaultQuery
from xpander_emulator.errors import BadRequest
from xpander_emulator.scenario import keys

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 700) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(KINDS),
    "status": st.integers(200, 599),
    "headers": st.dictionaries(st.sampled_from(["Retry-After", "Content-Type", "X-A"]), st.just("1"), max_size=2),
    "latency": st.sampled_from(["1ms", "1ms..2ms", "2m"]),
    "over": st.sampled_from(["1ms", "2ms"]),
    "event": st.integers(1, 4),
    "use": st.sampled_from([name for name, fault in BUILT_IN.items() if fault.high + fault.over == 0]),
    "operation": st.sampled_from(["getTask", "listTasks", "getTsk"]),
    "nth": st.just(1),
    "times": st.sampled_from([1, 2, "always"]),
    "task_status": st.sampled_from(["paused", "done"]),
}
KEYS = (*keys.FAULT_KEYS, *keys.FAULT_RULE_KEYS, "unknown")


@st.composite
def faults(draw: st.DrawFn) -> Any:
    chosen = draw(st.lists(st.sampled_from(KEYS), max_size=4, unique=True))
    return {key: draw(LIKELY.get(key, JSON) | JSON) for key in chosen}


@examples(400)
@given(st.lists(faults() | JSON, max_size=3))
def test_whatever_is_written_is_taken_or_refused_with_a_reason(written: list[Any]) -> None:
    engine = make_engine()

    async def keep() -> str:
        try:
            await engine.faults.set("ns", written, {"getTask": "read", "listTasks": "list"})
        except BadRequest as refused:
            return refused.message
        return "faults were taken"

    assert asyncio.run(keep()).startswith("faults")
    for rule, _ in asyncio.run(engine.faults.coming("ns")):
        assert rule.fault.kind in KINDS
        assert 0 <= rule.fault.low <= rule.fault.high <= LONGEST
        assert 0 <= rule.fault.over <= LONGEST


APP = api(clock="auto")


@examples(200)
@given(faults())
def test_whatever_is_taken_gives_an_answer_or_breaks_the_connection(fault: Any) -> None:
    async def ask() -> int:
        engine = APP.app.engine
        try:
            await engine.faults.set(APP.namespace, [fault], {"getTask": "read", "listTasks": "list"})
        except BadRequest:
            return 200
        try:
            return (await APP.http.get("/v1/tasks")).status_code
        except ConnectionError:
            return 200

    assert 200 <= asyncio.run(ask()) <= 599


@pytest.mark.parametrize(
    ("written", "asked", "strikes"),
    [
        ({"use": "reset"}, "getTask", True),
        ({"use": "reset"}, "invokeWorkflowStream", True),
        ({"use": "cut-stream"}, "getTask", False),
        ({"use": "cut-stream"}, "invokeWorkflowStream", True),
        ({"use": "cut-stream", "operation": "invokeWorkflowStream"}, "invokeWorkflowStream", True),
        ({"use": "cut-stream", "operation": "invokeWorkflowStream"}, "getTask", False),
        ({"use": "reset", "operation": "getTask"}, "getTask", True),
        ({"use": "reset", "operation": "getTask"}, "listTasks", False),
        ({"use": "reset", "nth": 2}, "getTask", False),
        ({"use": "reset", "task_status": "pending"}, "getTask", True),
        ({"use": "reset", "task_status": "paused"}, "getTask", False),
    ],
)
async def test_a_fault_to_come_strikes_the_requests_that_fit_it(
    written: dict[str, Any], asked: str, strikes: bool
) -> None:
    engine = make_engine()
    task_id = (await engine.start("ns", start("approval"))).task_state.task.id
    await engine.faults.set("ns", [written], {"getTask": "read", "invokeWorkflowStream": "start"})

    request = FaultQuery("ns", contract().operation(asked), task_id)
    hit = await engine.faults.strike(request, await engine.store.read("ns", task_id))

    assert (hit.name if hit else None) == (written["use"] if strikes else None)


async def test_a_fault_to_come_may_refuse_the_start_itself() -> None:
    engine = make_engine()
    operation = contract().operation("invokeWorkflowStream")
    await engine.faults.set("ns", [{"status": 503, "operation": operation.id}], {operation.id: "start"})

    hit = await engine.faults.strike(FaultQuery("ns", operation), await engine.store.read("ns", ""))

    assert hit is not None
    assert hit.fault.status == 503


async def test_of_two_faults_that_fit_the_first_strikes_and_both_count_the_request() -> None:
    engine = make_engine()
    await engine.faults.set("ns", ["reset", "empty"], {})
    request = FaultQuery("ns", contract().operation("listTasks"))

    hits = [await engine.faults.strike(request, await engine.store.read("ns", "")) for _ in range(2)]

    assert [hit and hit.name for hit in hits] == ["reset", None]
    assert await engine.faults.remaining("ns") == ()


async def test_a_fault_of_streams_that_a_client_prefers_where_nothing_streams_is_refused() -> None:
    engine = make_engine()
    read, stream = contract().operation("getTask"), contract().operation("invokeWorkflowStream")
    reading = await engine.store.read("ns", "")

    with pytest.raises(BadRequest, match=r"^Prefer: fault=cut-stream: getTask streams no events that it could spoil$"):
        await engine.faults.strike(FaultQuery("ns", read, preferred="cut-stream"), reading)
    preferred = await engine.faults.strike(FaultQuery("ns", stream, preferred="cut-stream"), reading)
    plain = await engine.faults.strike(FaultQuery("ns", read, preferred="reset"), reading)

    assert preferred is not None
    assert plain is not None
    assert [(hit.name, hit.preferred) for hit in (preferred, plain)] == [("cut-stream", True), ("reset", True)]
