"""The log in the Redis of a store.

epochs, log-bytes     the last epoch of a log, counted from that of the database; how many bytes all namespaces have
logs                  how many records each namespace has
log:NS                `epoch`, `taken` and `added`
entries:NS, order:NS  records by ordinal, and the ordinals in the order in which they came
order                 `NS newline EPOCH newline ORDINAL` of all namespaces, in that order
"""

from collections.abc import Mapping, Sequence
from typing import Final

from xpander_emulator.store.log import Bounds, Record
from xpander_emulator.store.redis import lua_scripts as scripts
from xpander_emulator.store.redis.database import Database

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
    if redis.call('HDEL', entries, ordinal) == 0 then return 0 end
    redis.call('DECRBY', bytes, size)
    if redis.call('HINCRBY', logs, name, -1) <= 0 then redis.call('HDEL', logs, name) end
    return 1
end
"""
)

_NEXT_NUMBER: Final = (
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

# ARGV: namespace, its bound, that of all, that of all bytes, then for each record epoch, ordinal, `is_new` and data.
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
local function place_of(place)
    local name, epoch, ordinal = string.match(place, '^([^\n]*)\n(%d+)\n(%d+)$')
    return name, ordinal, redis.call('HGET', prefix .. 'log:' .. name, 'epoch') == epoch
end
local function are_too_large() return tonumber(redis.call('GET', bytes) or '0') > of_bytes end
-- Each record has a place in the common order; places of records that are gone are left in it, and do not count.
if redis.call('LLEN', all) > of_all or are_too_large() then
    local stored = 0
    for _, count in ipairs(redis.call('HVALS', logs)) do stored = stored + count end
    while stored > of_all or (stored > 1 and are_too_large()) do
        local name, ordinal, is_present = place_of(redis.call('LPOP', all))
        if is_present then stored = stored - drop(name, ordinal) end
    end
    if redis.call('LLEN', all) > 2 * of_all then
        local places = redis.call('LRANGE', all, 0, -1)
        redis.call('DEL', all)
        for _, place in ipairs(places) do
            local name, ordinal, is_present = place_of(place)
            if is_present and redis.call('HEXISTS', prefix .. 'entries:' .. name, ordinal) == 1 then
                redis.call('RPUSH', all, place)
            end
        end
    end
end
announce('\1requests')
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
announce('\1requests')
return 0
"""
)


class RedisLog:
    """Stores records in hashes, one for each namespace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next_number(self, namespace: str) -> tuple[int, int]:
        epoch, ordinal = await self._database.run(_NEXT_NUMBER, namespace)
        return int(epoch), int(ordinal)

    async def append(self, records: Sequence[Record], bounds: Bounds) -> None:
        by_namespace: dict[str, list[bytes | int]] = {}
        for namespace, epoch, ordinal, data, is_new in records:
            by_namespace.setdefault(namespace, []).extend((epoch, ordinal, int(is_new), data))
        for namespace, values in by_namespace.items():
            await self._database.run(_APPEND, namespace, *bounds, *values)

    async def record(self, namespace: str, ordinal: int) -> bytes | None:
        record: bytes | None = await self._database.execute("HGET", f"entries:{namespace}", str(ordinal))
        return record

    async def records(self, namespace: str) -> Sequence[bytes]:
        records: list[bytes] = await self._database.execute("HVALS", f"entries:{namespace}")
        return records

    async def dropped(self, namespace: str) -> int:
        added = await self._database.execute("HGET", f"log:{namespace}", "added")
        return int(added or 0) - int(await self._database.execute("HLEN", f"entries:{namespace}"))

    async def counts(self) -> Mapping[str, int]:
        counts = await self._database.execute("HGETALL", "logs")
        return {name.decode(): int(count) for name, count in counts.items()}

    async def reset(self, namespace: str) -> None:
        await self._database.run(_RESET, namespace)
