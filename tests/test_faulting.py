"""What may be written as a fault: everything wrong with it is told, and nothing that was taken breaks an answer."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from emulator.core.faults import BUILT_IN, KINDS, LONGEST
from emulator.errors import BadRequest
from emulator.scenario import words
from tests.engines import make_engine
from tests.profiles import examples
from tests.web.api import api

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
KEYS = (*words.FAULT_KEYS, *words.FAULT_RULE_KEYS, "unknown")


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
            await engine.faults.keep("ns", written, {"getTask": "read", "listTasks": "list"})
        except BadRequest as refused:
            return refused.message
        return "faults were taken"

    assert asyncio.run(keep()).startswith("faults")
    for rule, _ in asyncio.run(engine.faults.kept("ns")):
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
            await engine.faults.keep(APP.namespace, [fault], {"getTask": "read", "listTasks": "list"})
        except BadRequest:
            return 200
        try:
            return (await APP.http.get("/v1/tasks")).status_code
        except ConnectionError:
            return 200

    assert 200 <= asyncio.run(ask()) <= 599
