-- The frame of every call: what it was called with, and what time it is.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  lane: a sequence of calls of one process, of which one at a time is under way
-- ARGV[2]  number of this call in its lane, as 12 digits
-- ARGV[3]  operations, a MessagePack array: name, array of its arguments, name …
-- ARGV[4]  the earliest and the latest time at which the client expects the call to be carried out, and the correction of
--          the clock that it knows; all three absent where it knows no time yet
-- reply    a MessagePack array: the reply of each operation, the messages to enqueue, the time without the offset of tests
--
-- Resent calls: a client that got no reply sends the same call again. The lane's last reply is kept,
-- so a call that was carried out answers as the first time and does nothing. One with a lower number
-- comes late, from a connection that the client gave up, and nobody waits for it. Nothing is written
-- before all operations have run: one that raises an error leaves no trace, nor do the others.
local P = KEYS[1]
local lane_key = P .. 'reply:' .. ARGV[1]
local kept = redis.call('MGET', lane_key, P .. 'clock', P .. 'paused', P .. 'clockCorrection')
if kept[1] then
  local last = string.sub(kept[1], 1, #ARGV[2])
  if last == ARGV[2] then return string.sub(kept[1], #ARGV[2] + 1) end
  if last > ARGV[2] then return redis.error_reply('LATE this call has been given up') end
end

-- Clock: the one source of "now", in milliseconds. Only tests set the offset. The correction takes jumps of the clock out
-- (`redis-clock.ts`); where the client expects another time nothing is done, and it looks first whether that is one.
local time = redis.call('TIME')
local told = time[1] * 1000 + math.floor(time[2] / 1000)
if kept[4] then told = told + tonumber(string.match(kept[4], '[^:]*$')) end
if ARGV[4] and (told < tonumber(ARGV[4]) or told > tonumber(ARGV[5]) or (kept[4] or '0:0') ~= ARGV[6]) then
  return redis.error_reply('CLOCK the time is not the one that was expected')
end
local now = told + tonumber(kept[2] or 0)

-- While an instance is paused nothing new is claimed; what runs goes on.
local paused = kept[3] ~= false

-- Whole numbers as text, each made once: left to Lua and Redis, each use would print a double.
local texts = setmetatable({}, {
  __index = function(known, number)
    local text = string.format('%d', number)
    known[number] = text
    return text
  end,
})

local operations = {}
-- Those that are rare are defined when they are asked for: Redis runs all of this text with each call.
local loaders = {}
-- What `prefetch` reads for an operation: 1 its row, 2 also its plan, 3 also the run's info and env.
local reads = {}
