"""The `X-RateLimit-*` headers: told as documented, not enforced."""

from functools import lru_cache
from typing import Final

from emulator.engine import Engine
from emulator.web.exchange import RawHeaders

# 100 requests a minute, `Reset` in seconds since the epoch (source: the vendor's page on the REST API).
PER_MINUTE: Final = 100
_MINUTE: Final = 60_000
_MOST_NAMESPACES: Final = 10_000


class RateLimit:
    """Counts the requests of each namespace in the present minute of its own clock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counted: dict[str, tuple[int, int]] = {}

    async def headers(self, namespace: str) -> RawHeaders:
        """Count one request and return the headers that tell how many are left."""
        minute = await self._engine.standings.now(namespace) // _MINUTE
        counted_in, count = self._counted.get(namespace, (minute, 0))
        count = count + 1 if counted_in == minute else 1
        if len(self._counted) >= _MOST_NAMESPACES and namespace not in self._counted:
            self._counted.clear()
        self._counted[namespace] = (minute, count)
        return _headers(max(0, PER_MINUTE - count), (minute + 1) * _MINUTE // 1000)


@lru_cache(maxsize=1024)
def _headers(left: int, resets_at: int) -> RawHeaders:
    return (
        (b"x-ratelimit-limit", str(PER_MINUTE).encode()),
        (b"x-ratelimit-remaining", str(left).encode()),
        (b"x-ratelimit-reset", str(resets_at).encode()),
    )
