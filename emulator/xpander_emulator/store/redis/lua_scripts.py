"""What Redis does in one step: a Lua script for each transition, over the same keys.

    names                 the namespaces that hold anything
    namespace:NS          `ordinals`, and each fact as `fact:NAME`
    tasks:NS              by id: a head line `MARK VERSION TIMELINES PARENT`, then the record
    children:NS:=PARENT   ids by ordinal
    ages                  `NS newline ID` by mark, over all namespaces
    timelines, uses       each timeline's text by its digest, and how many tasks follow it
    hits:LENGTH:NS+TASK   what was counted by rule; without TASK for the namespace's own; LENGTH is that of NS, in bytes
    epoch                 a number made at random with the database; another one after a flush
    marks                 the last mark; they count from the epoch on, so that none comes again after a flush
    format, first_clock   what a server that joins compares itself with
    salt                  random bytes, of which links are made; the same again after a flush
    rings                 the channel on which every change is told: `SENDER newline NS newline ID`
    logs                  the namespaces with a log (redis_log.py)

All of them begin with the prefix, given as KEYS[1]; KEYS[2] is the sender of what is told. KEYS[3] to KEYS[6] are the
epoch, format, first clock and salt of a database that is begun anew by this very script.
In a head, PARENT is `=` and the percent-encoded id, or `.`.
"""

from typing import Final

# Marks are numbers of Lua, which are exact up to 2^53. None that an earlier version counted from 1 comes near it.
EPOCHS: Final = range(2**51, 2**52)

COMMON: Final = r"""
local prefix, ns = KEYS[1], ARGV[1]
local function ring(id) redis.call('PUBLISH', prefix .. 'rings', KEYS[2] .. '\n' .. ns .. '\n' .. id) end
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
local function keep_timelines(first, count)
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
            ring(plain(parent))
        else
            ring(id)
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

READ: Final = (
    _COMMON
    + r"""
local clock, faults, pins = unpack(redis.call('HMGET', here, 'fact:clock', 'fact:faults', 'fact:pins'))
local found = {redis.call('GET', prefix .. 'epoch'), clock, faults, pins, redis.call('HGET', tasks, ARGV[2])}
for _, id in ipairs(redis.call('ZRANGE', children(ARGV[3]), 0, -1)) do
    found[#found + 1] = redis.call('HGET', tasks, id)
end
return found
"""
)

ADD: Final = (
    BEGIN
    + _COMMON
    + r"""
local at = 3 + 2 * tonumber(ARGV[2])
local taken = taken_id(at)
if taken then return taken end
keep_timelines(3, tonumber(ARGV[2]))
local marks = insert(at)
return {redis.call('ZCARD', ages), marks}
"""
)

REPLACE: Final = (
    BEGIN
    + _COMMON
    + r"""
local id, seen, mark, version, followed, record = unpack(ARGV, 3, 8)
local value = redis.call('HGET', tasks, id)
if not value then return 0 end
local kept_mark, kept_version, kept_followed, parent = head(value)
if kept_mark ~= mark or kept_version ~= seen then return 0 end
local at = 9 + 2 * tonumber(ARGV[2])
local taken = taken_id(at)
if taken then return taken end
keep_timelines(9, tonumber(ARGV[2]))
follow(followed)
release(kept_followed)
redis.call('HSET', tasks, id, string.format('%s %s %s %s\n', mark, version, followed, parent) .. record)
ring(id)
return insert(at)
"""
)

REMOVE: Final = (
    _COMMON
    + r"""
for at = 2, #ARGV do
    if drop(ARGV[at]) then ring(ARGV[at]) end
end
return 0
"""
)

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

NEXT_ORDINAL: Final = (
    BEGIN
    + _COMMON
    + r"""
redis.call('SADD', names, ns)
return redis.call('HINCRBY', here, 'ordinals', ARGV[2]) - ARGV[2]
"""
)

# A fact that has never been set is its initial value, ARGV[5]; ARGV[6] is 1 where other faults count anew.
SET_FACT: Final = (
    BEGIN
    + _COMMON
    + r"""
local field = 'fact:' .. ARGV[2]
if (redis.call('HGET', here, field) or ARGV[5]) ~= ARGV[4] then return 0 end
redis.call('SADD', names, ns)
redis.call('HSET', here, field, ARGV[3])
if ARGV[6] == '1' then redis.call('DEL', hits('')) end
ring('')
return 1
"""
)

HIT: Final = (
    BEGIN
    + _COMMON
    + r"""
if ARGV[2] ~= '' and redis.call('HEXISTS', tasks, ARGV[2]) == 0 then return 1 end
return redis.call('HINCRBY', hits(ARGV[2]), ARGV[3], 1)
"""
)

RESET: Final = (
    _COMMON
    + r"""
empty(ARGV[2])
ring('')
return 0
"""
)

CONTENTS: Final = (
    _COMMON
    + r"""
local found = {redis.call('HGET', here, 'ordinals'), redis.call('HVALS', tasks)}
for at = 2, #ARGV do found[#found + 1] = redis.call('HGET', here, 'fact:' .. ARGV[at]) end
return found
"""
)

# ARGV: namespace, timelines, ordinals, facts, then names and values of facts, timelines, and tasks.
REPLACE_ALL: Final = (
    BEGIN
    + _COMMON
    + r"""
for _, id in ipairs(redis.call('HKEYS', tasks)) do drop(id) end
redis.call('DEL', here, hits(''))
redis.call('SADD', names, ns)
redis.call('HSET', here, 'ordinals', ARGV[3])
local timelines_at = 5 + 2 * tonumber(ARGV[4])
for at = 5, timelines_at - 1, 2 do redis.call('HSET', here, 'fact:' .. ARGV[at], ARGV[at + 1]) end
local marks = insert(keep_timelines(timelines_at, tonumber(ARGV[2])))
ring('')
return marks
"""
)
