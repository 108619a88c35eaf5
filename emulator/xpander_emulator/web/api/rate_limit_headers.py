"""The `X-RateLimit-*` headers: sent as the vendor documents them; the limit is not enforced."""

from functools import lru_cache
from typing import Final

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.common.types import Headers

# 100 requests a minute, `Reset` in seconds since the epoch (source: the vendor's page on the REST API).
PER_MINUTE: Final = 100
_MINUTE: Final = 60_000
NAMES: Final = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")
_MOST_NAMESPACES: Final = 10_000


class RateLimit:
    """Counts the requests of each namespace in the present minute of its clock."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}

    def headers(self, namespace: str, clock: Clock) -> Headers:
        """Count one request and return the headers that say how many are left."""
        minute = clock.now(machine_time()) // _MINUTE
        counted_in, count = self._counts.get(namespace, (minute, 0))
        count = count + 1 if counted_in == minute else 1
        if len(self._counts) >= _MOST_NAMESPACES and namespace not in self._counts:
            self._counts.clear()
        self._counts[namespace] = (minute, count)
        return _headers(max(0, PER_MINUTE - count), (minute + 1) * _MINUTE // 1000)


@lru_cache(maxsize=1024)
def _headers(remaining: int, resets_at: int) -> Headers:
    values = (PER_MINUTE, remaining, resets_at)
    return tuple(zip(NAMES, (b"%d" % value for value in values), strict=True))
