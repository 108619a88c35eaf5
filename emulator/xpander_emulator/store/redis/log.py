"""The log in the Redis of a store.

epochs, log-bytes     the last epoch of a log, counted from that of the database; how many bytes all namespaces have
logs                  how many records are kept, by namespace
log:NS                `epoch`, `taken` and `added`
entries:NS, order:NS  records by ordinal, and the ordinals in the order in which they came
order                 `NS newline EPOCH newline ORDINAL` of all namespaces, in that order
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from xpander_emulator.store.log import Bounds, Record
from xpander_emulator.store.redis import lua_scripts as scripts


class Commands(Protocol):
    """Sends commands and scripts to the Redis of a store."""

    async def run(self, script: str, *values: Any) -> Any:
        """Return what a script gives."""
        ...

    async def ask(self, command: str, key: str, *values: Any) -> Any:
        """Return what a command gives; `key` is without the prefix of the store."""
        ...


_COMMON: Final = (
    scripts.COMMON
    + r"""
local logs, bytes, all = prefix .. 'logs', prefix .. 'log-bytes', prefix .. 'order'
local function drop(name, ordinal)
    local entries = prefix .. 'entries:' .. name
    local size = redis.call('HSTRLEN', entries, ordinal)
    if redis.call('LINDEX', prefix .. 'order:' .. name, 0) == ordinal then
        redis.call('LPOP', prefix .. 'order:' .. name)
    end
    if redis.call('HDEL', entries, ordinal) == 0 then return end
    redis.call('DECRBY', bytes, size)
    if redis.call('HINCRBY', logs, name, -1) <= 0 then redis.call('HDEL', logs, name) end
end
"""
)

_TAKE: Final = (
    scripts.BEGIN
    + r"""
local log = KEYS[1] .. 'log:' .. ARGV[1]
local epoch = redis.call('HGET', log, 'epoch')
if not epoch then
    epoch = redis.call('INCR', KEYS[1] .. 'epochs')
    redis.call('HSET', log, 'epoch', epoch)
end
return {tonumber(epoch), redis.call('HINCRBY', log, 'taken', 1)}
"""
)

# ARGV: namespace, its bound, that of all, that of all bytes, then epoch, ordinal, whether it is new, and data of each.
_APPEND: Final = (
    _COMMON
    + r"""
local log, entries, order = prefix .. 'log:' .. ns, prefix .. 'entries:' .. ns, prefix .. 'order:' .. ns
local of_one, of_all, of_bytes = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local present = redis.call('HGET', log, 'epoch')
for at = 5, #ARGV, 4 do
    local epoch, ordinal, is_new, data = unpack(ARGV, at, at + 3)
    local before = redis.call('HSTRLEN', entries, ordinal)
    if epoch == present and (is_new == '1') == (before == 0) then
        redis.call('HSET', entries, ordinal, data)
        redis.call('INCRBY', bytes, #data - before)
        if is_new == '1' then
            redis.call('RPUSH', order, ordinal)
            redis.call('RPUSH', all, ns .. '\n' .. epoch .. '\n' .. ordinal)
            redis.call('HINCRBY', log, 'added', 1)
            redis.call('HINCRBY', logs, ns, 1)
        end
    end
end
while redis.call('HLEN', entries) > of_one do drop(ns, redis.call('LINDEX', order, 0)) end
while redis.call('LLEN', all) > of_all or (tonumber(redis.call('GET', bytes) or '0') > of_bytes
        and redis.call('LLEN', all) > 1) do
    local name, epoch, ordinal = string.match(redis.call('LPOP', all), '^([^\n]*)\n(%d+)\n(%d+)$')
    if redis.call('HGET', prefix .. 'log:' .. name, 'epoch') == epoch then drop(name, ordinal) end
end
ring('\1requests')
return 0
"""
)

_RESET: Final = (
    _COMMON
    + r"""
local entries = prefix .. 'entries:' .. ns
for _, record in ipairs(redis.call('HVALS', entries)) do redis.call('DECRBY', bytes, #record) end
redis.call('DEL', entries, prefix .. 'order:' .. ns, prefix .. 'log:' .. ns)
redis.call('HDEL', logs, ns)
ring('\1requests')
return 0
"""
)


class RedisLog:
    """Keeps records in hashes, one for each namespace."""

    def __init__(self, store: Commands) -> None:
        self._store = store

    async def take(self, namespace: str) -> tuple[int, int]:
        epoch, ordinal = await self._store.run(_TAKE, namespace)
        return int(epoch), int(ordinal)

    async def append(self, records: Sequence[Record], bounds: Bounds) -> None:
        by_namespace: dict[str, list[bytes | int]] = {}
        for namespace, epoch, ordinal, data, is_new in records:
            by_namespace.setdefault(namespace, []).extend((epoch, ordinal, int(is_new), data))
        for namespace, told in by_namespace.items():
            await self._store.run(_APPEND, namespace, *bounds, *told)

    async def record(self, namespace: str, ordinal: int) -> bytes | None:
        found: bytes | None = await self._store.ask("HGET", f"entries:{namespace}", str(ordinal))
        return found

    async def records(self, namespace: str) -> Sequence[bytes]:
        found: list[bytes] = await self._store.ask("HVALS", f"entries:{namespace}")
        return found

    async def forgotten(self, namespace: str) -> int:
        added = await self._store.ask("HGET", f"log:{namespace}", "added")
        return int(added or 0) - int(await self._store.ask("HLEN", f"entries:{namespace}"))

    async def kept(self) -> Mapping[str, int]:
        found = await self._store.ask("HGETALL", "logs")
        return {name.decode(): int(count) for name, count in found.items()}

    async def reset(self, namespace: str) -> None:
        await self._store.run(_RESET, namespace)
