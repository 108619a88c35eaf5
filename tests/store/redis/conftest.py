"""Two processes' views of one Redis."""

from collections.abc import AsyncIterator

import pytest

from xpander_emulator.store.redis.store import RedisStore


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_url, redis_url)
    yield store
    await store.close()


@pytest.fixture
async def other(redis_url: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_url, redis_url)
    yield store
    await store.close()
