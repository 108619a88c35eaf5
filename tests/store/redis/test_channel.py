"""How a process hears what others change in a Redis: whatever comes on the channel, and however it ends."""

import asyncio
import logging
from typing import Any

import pytest

from tests.redis_server import RedisServer
from tests.store.test_every_store import task
from xpander_emulator.store.notifications import ELSEWHERE, WHOLE
from xpander_emulator.store.redis.database import PREFIX
from xpander_emulator.store.redis.store import RedisStore

SECONDS = 5.0


@pytest.mark.parametrize("message", [b"", b"hello", b"only\ntwo", b"\xff\n\xff\n\xff", b'{"event": "x"}'])
async def test_a_message_of_another_shape_is_ignored_logged_once_and_the_next_one_is_heard(
    store: RedisStore, other: RedisStore, caplog: pytest.LogCaptureFixture, message: bytes
) -> None:
    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        for _ in range(3):
            await other.database.client.publish(PREFIX + "rings", message)
        await other.add("ns", (task("a"),))
        await asyncio.wait_for(subscription.wait(None), SECONDS)

    [warning] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert warning.getMessage() == (
        f"{store.database.shown}, channel 'xpander-emulator:rings': "
        f"ignored a message of another program or version: {message!r}"
    )


async def test_a_listener_that_comes_while_the_last_subscription_is_closing_hears_what_happens(
    store: RedisStore, other: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_emulator.store.redis.channel._LINGER_SECONDS", 0.01)
    closing, may_close = asyncio.Event(), asyncio.Event()
    subscribe = store.database.client.pubsub

    def closing_slowly() -> Any:
        subscription = subscribe()
        close = subscription.aclose

        async def aclose() -> None:
            closing.set()
            await may_close.wait()
            await close()

        subscription.aclose = aclose
        return subscription

    monkeypatch.setattr(store.database.client, "pubsub", closing_slowly)
    async with store.subscribe("ns", [WHOLE, "a"]):
        pass
    await asyncio.wait_for(closing.wait(), SECONDS)

    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        await other.add("ns", (task("a"),))
        await asyncio.wait_for(subscription.wait(None), SECONDS)
    may_close.set()


async def test_whoever_listens_is_woken_when_redis_goes_and_hears_again_once_it_is_back() -> None:
    with RedisServer() as server:
        store, other = (RedisStore(server.url, server.url) for _ in range(2))
        async with store.subscribe("ns", [WHOLE, "a"]) as subscription, store.subscribe("ns", [ELSEWHERE]) as follower:
            server.kill()
            await asyncio.wait_for(subscription.wait(None), SECONDS)
            await asyncio.wait_for(follower.wait(None), SECONDS)
        server.start()

        async with store.subscribe("ns", [WHOLE, "a"]) as subscription, store.subscribe("ns", [ELSEWHERE]) as follower:
            await other.add("ns", (task("a"),))
            await asyncio.wait_for(subscription.wait(None), SECONDS)
            await asyncio.wait_for(follower.wait(None), SECONDS)
        for each in (store, other):
            await each.close()
