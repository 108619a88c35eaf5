"""How one process asks Redis: alone at once, together with whoever asks meanwhile."""

import asyncio

import pytest

from tests.redis_server import RedisServer, messages
from tests.store.test_every_store import task
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.redis.autopipeline import Autopipeline
from xpander_emulator.store.redis.store import RedisStore

ECHO = "return ARGV[1]"


@pytest.fixture
def pipeline(store: RedisStore) -> Autopipeline:
    return store.database.pipeline


async def test_who_asks_at_once_gets_an_answer_of_his_own_in_two_messages(
    pipeline: Autopipeline,
) -> None:
    before = await messages(pipeline)

    answers = await asyncio.gather(*(pipeline.execute("ECHO", str(number)) for number in range(50)))

    assert [int(answer) for answer in answers] == [*range(50)]
    assert await messages(pipeline) - before == 2 + 1


async def test_questions_are_answered_in_the_order_in_which_they_came(pipeline: Autopipeline) -> None:
    await asyncio.gather(*(pipeline.execute("RPUSH", "order", number) for number in range(100)))

    assert [int(each) for each in await pipeline.execute("LRANGE", "order", 0, -1)] == [*range(100)]


async def test_a_refusal_concerns_its_own_question(pipeline: Autopipeline) -> None:
    await pipeline.execute("SET", "text", "x")

    asked = (pipeline.execute("GET", "text"), pipeline.execute("HGET", "text", "y"), pipeline.execute("GET", "text"))
    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert answers[0] == answers[2] == b"x"
    assert "WRONGTYPE" in str(answers[1])


@pytest.mark.parametrize("who", [0, 1, 2])
async def test_who_stops_waiting_costs_nobody_an_answer(pipeline: Autopipeline, who: int) -> None:
    asking = [asyncio.ensure_future(pipeline.execute("ECHO", str(number))) for number in range(4)]
    await asyncio.sleep(0)

    asking[who].cancel()

    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [each for each in answers if not isinstance(each, asyncio.CancelledError)] == [
        b"%d" % number for number in range(4) if number != who
    ]
    assert await pipeline.execute("ECHO", "on") == b"on"


async def test_a_script_that_redis_does_not_know_is_sent(pipeline: Autopipeline) -> None:
    for _ in range(2):
        await pipeline.execute("SCRIPT FLUSH")
        answers = await asyncio.gather(*(pipeline.run(ECHO, ["key"], [str(number)]) for number in range(5)))
        assert [int(answer) for answer in answers] == [*range(5)]


async def test_a_lost_way_is_told_to_all_who_go_together_and_found_again() -> None:
    with RedisServer() as server:
        store = RedisStore(server.url, server.url)
        await store.add("ns", (task("a"),))
        server.kill()

        told = await asyncio.gather(*(store.get("ns", "a") for _ in range(5)), return_exceptions=True)
        assert all(isinstance(each, StoreUnavailable) and "does not answer" in each.message for each in told)

        server.start()
        assert await asyncio.gather(*(store.get("ns", "a") for _ in range(5))) == [None] * 5
        await store.close()
