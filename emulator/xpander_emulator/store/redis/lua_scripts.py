"""The Lua scripts of the Redis store, one for each transition, which Redis executes in one step.

    names                 the namespaces that hold anything
    namespace:NS          `ordinals`, and each fact as `fact:NAME`
    tasks:NS              by id: a head line `MARK VERSION TIMELINES PARENT`, then the record
    children:NS:=PARENT   ids by ordinal
    ages                  `NS newline ID` by mark, over all namespaces
    timelines, uses       each timeline's text by its digest, and how many tasks follow it
    hits:LENGTH:NS+TASK   match counts by rule; without TASK for the namespace's rules; LENGTH is that of NS, in bytes
    epoch                 a number drawn with the database; another one after a flush
    marks                 the last mark; they count from the epoch on, so that none comes again after a flush
    format, first_clock   the format and the initial clock, which a server that joins compares with its own
    salt                  random bytes, from which links are derived; the same again after a flush
    rings                 the channel on which every change is announced: `SENDER newline NS newline ID`
    logs                  the namespaces with a log (log.py)

All of them begin with the prefix, which is KEYS[1]; KEYS[2] is the sender of the announced changes. KEYS[3] to KEYS[6]
are the epoch, format, first clock and salt of a database that this very script begins anew.
In a head, PARENT is `=` and the percent-encoded id, or `.`.
"""

from typing import Final

# Marks are numbers of Lua, which are exact up to 2^53. The marks of earlier versions, which began at 1, stay far below.
EPOCHS: Final = range(2**51, 2**52)

COMMON: Final = r"""
local prefix, ns = KEYS[1], ARGV[1]
local function announce(id) redis.call('PUBLISH', prefix .. 'rings', KEYS[2] .. '\n' .. ns .. '\n' .. id) end
"""
BEGIN: Final = r"""
if redis.call('SET', KEYS[1] .. 'epoch', KEYS[3], 'NX') then
    redis.call('MSET', KEYS[1] .. 'marks', KEYS[3], KEYS[1] .. 'epochs', KEYS[3])
    redis.call('SETNX', KEYS[1] .. 'format', KEYS[4])
    if KEYS[5] ~= '' then redis.call('SETNX', KEYS[1] .. 'first_clock', KEYS[5]) end
    if KEYS[6] ~= '' then redis.call('SETNX', KEYS[1] .. 'salt', KEYS[6]) end
end
"""
_COMMON: Final = (
    COMMON
    + r"""
local names, here, tasks = prefix .. 'names', prefix .. 'namespace:' .. ns, prefix .. 'tasks:' .. ns
local ages, timelines, uses = prefix .. 'ages', prefix .. 'timelines', prefix .. 'uses'
local function hits(id) return prefix .. 'hits:' .. #ns .. ':' .. ns .. id end
local function children(parent) return prefix .. 'children:' .. ns .. ':' .. parent end
local function plain(parent)
    return (string.gsub(string.sub(parent, 2), '%%(%x%x)', function(hex) return string.char(tonumber(hex, 16)) end))
end
local function head(value) return string.match(value, '^(%d+) (%d+) (%S+) (%S+)\n') end
local function release(followed)
    for name in string.gmatch(followed, '[^,]+') do
        if redis.call('HINCRBY', uses, name, -1) <= 0 then
            redis.call('HDEL', uses, name)
            redis.call('HDEL', timelines, name)
        end
    end
end
local function follow(followed)
    for name in string.gmatch(followed, '[^,]+') do redis.call('HINCRBY', uses, name, 1) end
end
local function drop(id)
    local value = redis.call('HGET', tasks, id)
    if not value then return false end
    local _, _, followed, parent = head(value)
    redis.call('HDEL', tasks, id)
    redis.call('DEL', hits(id))
    redis.call('ZREM', ages, ns .. '\n' .. id)
    release(followed)
    if parent ~= '.' then redis.call('ZREM', children(parent), id) end
    return true
end
local function store_timelines(first, count)
    for at = first, first + 2 * count - 1, 2 do redis.call('HSET', timelines, ARGV[at], ARGV[at + 1]) end
    return first + 2 * count
end
local function taken_id(at)
    local seen = {}
    for each = at, #ARGV, 6 do
        local id = ARGV[each]
        if seen[id] or redis.call('HEXISTS', tasks, id) == 1 then return id end
        seen[id] = true
    end
end
local function insert(at)
    local marks = {}
    redis.call('SADD', names, ns)
    while at <= #ARGV do
        local id, ordinal, version, followed, parent, record = unpack(ARGV, at, at + 5)
        local mark = redis.call('INCR', prefix .. 'marks')
        redis.call('HSET', tasks, id, string.format('%d %s %s %s\n', mark, version, followed, parent) .. record)
        redis.call('ZADD', ages, mark, ns .. '\n' .. id)
        follow(followed)
        if parent ~= '.' then
            redis.call('ZADD', children(parent), ordinal, id)
            announce(plain(parent))
        else
            announce(id)
        end
        marks[#marks + 1] = mark
        at = at + 6
    end
    return marks
end
local function empty(scopes)
    for scope in string.gmatch(scopes, '%S+') do
        redis.call('HDEL', here, 'fact:' .. scope)
        if scope == 'faults' then
            redis.call('DEL', hits(''))
            for _, id in ipairs(redis.call('HKEYS', tasks)) do redis.call('DEL', hits(id)) end
        end
        if scope == 'tasks' then
            for _, id in ipairs(redis.call('HKEYS', tasks)) do drop(id) end
            redis.call('HDEL', here, 'ordinals')
        end
    end
    if redis.call('EXISTS', here, tasks) == 0 then redis.call('SREM', names, ns) end
end
"""
)


def _script(text: str) -> str:
    return _COMMON + text


def _write(text: str) -> str:
    """Return a script that begins an empty database anew."""
    return BEGIN + _COMMON + text


READ: Final = _script(r"""
local clock, faults, pins = unpack(redis.call('HMGET', here, 'fact:clock', 'fact:faults', 'fact:pins'))
local found = {redis.call('GET', prefix .. 'epoch'), clock, faults, pins, redis.call('HGET', tasks, ARGV[2])}
for _, id in ipairs(redis.call('ZRANGE', children(ARGV[3]), 0, -1)) do
    found[#found + 1] = redis.call('HGET', tasks, id)
end
return found
""")

ADD: Final = _write(r"""
local at = 3 + 2 * tonumber(ARGV[2])
local taken = taken_id(at)
if taken then return taken end
store_timelines(3, tonumber(ARGV[2]))
local marks = insert(at)
return {redis.call('ZCARD', ages), marks}
""")

REPLACE: Final = _write(r"""
local id, seen, mark, version, followed, record = unpack(ARGV, 3, 8)
local value = redis.call('HGET', tasks, id)
if not value then return 0 end
local stored_mark, stored_version, stored_followed, parent = head(value)
if stored_mark ~= mark or stored_version ~= seen then return 0 end
local at = 9 + 2 * tonumber(ARGV[2])
local taken = taken_id(at)
if taken then return taken end
store_timelines(9, tonumber(ARGV[2]))
follow(followed)
release(stored_followed)
redis.call('HSET', tasks, id, string.format('%s %s %s %s\n', mark, version, followed, parent) .. record)
announce(id)
return insert(at)
""")

REMOVE: Final = _script(r"""
for at = 2, #ARGV do
    if drop(ARGV[at]) then announce(ARGV[at]) end
end
return 0
""")

OLDEST: Final = r"""
local found = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1] .. 'ages', 0, tonumber(ARGV[1]) - 1)) do
    local ns, id = string.match(member, '^([^\n]*)\n(.*)$')
    found[#found + 1] = ns
    found[#found + 1] = redis.call('HGET', KEYS[1] .. 'tasks:' .. ns, id)
end
return found
"""

NAMESPACES: Final = r"""
local found = {}
for _, ns in ipairs(redis.call('SMEMBERS', KEYS[1] .. 'names')) do
    found[#found + 1] = ns
    found[#found + 1] = redis.call('HLEN', KEYS[1] .. 'tasks:' .. ns)
end
return found
"""

NEXT_ORDINAL: Final = _write(r"""
redis.call('SADD', names, ns)
return redis.call('HINCRBY', here, 'ordinals', ARGV[2]) - ARGV[2]
""")

# A fact that has never been set has its initial value, ARGV[5]; ARGV[6] is 1 where match counts are deleted.
SET_FACT: Final = _write(r"""
local field = 'fact:' .. ARGV[2]
if (redis.call('HGET', here, field) or ARGV[5]) ~= ARGV[4] then return 0 end
redis.call('SADD', names, ns)
redis.call('HSET', here, field, ARGV[3])
if ARGV[6] == '1' then redis.call('DEL', hits('')) end
announce('')
return 1
""")

COUNT_MATCH: Final = _write(r"""
if ARGV[2] ~= '' and redis.call('HEXISTS', tasks, ARGV[2]) == 0 then return 1 end
return redis.call('HINCRBY', hits(ARGV[2]), ARGV[3], 1)
""")

RESET: Final = _script(r"""
empty(ARGV[2])
announce('')
return 0
""")

CONTENTS: Final = _script(r"""
local found = {redis.call('HGET', here, 'ordinals'), redis.call('HVALS', tasks)}
for at = 2, #ARGV do found[#found + 1] = redis.call('HGET', here, 'fact:' .. ARGV[at]) end
return found
""")

# ARGV: namespace, the numbers of timelines, ordinals and facts, then names and values of facts, timelines, and tasks.
REPLACE_ALL: Final = _write(r"""
for _, id in ipairs(redis.call('HKEYS', tasks)) do drop(id) end
redis.call('DEL', here, hits(''))
redis.call('SADD', names, ns)
redis.call('HSET', here, 'ordinals', ARGV[3])
local timelines_at = 5 + 2 * tonumber(ARGV[4])
for at = 5, timelines_at - 1, 2 do redis.call('HSET', here, 'fact:' .. ARGV[at], ARGV[at + 1]) end
local marks = insert(store_timelines(timelines_at, tonumber(ARGV[2])))
announce('')
return marks
""")

# KEYS[1] becomes ARGV[1] if it still is ARGV[2], empty for a key that is not there.
SET_IF: Final = r"""
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""
