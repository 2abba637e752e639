-- KEYS[1]  prefix of all keys
-- ARGV[1]  lane: a sequence of calls of one process, of which one at a time is under way
-- ARGV[2]  number of this call in its lane, as 12 digits
-- ARGV[3]  operations, a MessagePack array: name, array of its arguments, name …
-- ARGV[4]  the earliest and the latest time at which the client expects the call to be carried out, and the correction of
--          the clock that it knows; all three absent where it knows no time yet
-- reply    a MessagePack array: the reply of each operation, the messages to enqueue, the time without the offset of tests,
--          the number of the call; so its last bytes are the number
--
-- Resent calls: a client without a reply sends the same call again. The last reply of the lane is kept, so a call that was
-- carried out before gets the same answer and does nothing. A call with a lower number is late: the client has given up its
-- connection and does not wait for it.
--
-- @return the answer where there is nothing to do, else nil and the key of the lane
local function begin_call(keys, args)
  P = keys[1]
  local lane_key = P .. 'reply:' .. args[1]
  local kept = redis.call('MGET', lane_key, P .. 'clock', P .. 'paused', P .. 'clockCorrection')
  if kept[1] then
    local last = string.sub(kept[1], -#args[2])
    if last == args[2] then return kept[1] end
    if last > args[2] then return redis.error_reply('LATE this call has been given up') end
  end
  -- The one source of "now" (see Clock). The correction removes jumps of the clock (`redis-clock.ts`). If the client expects
  -- another time, nothing is done, and the client first checks for a jump.
  local time = redis.call('TIME')
  told = time[1] * 1000 + math.floor(time[2] / 1000)
  if kept[4] then told = told + tonumber(string.match(kept[4], '[^:]*$')) end
  if args[4] and (told < tonumber(args[4]) or told > tonumber(args[5]) or (kept[4] or '0:0') ~= args[6]) then
    return redis.error_reply('CLOCK the time is not the one that was expected')
  end
  now = told + tonumber(kept[2] or 0)
  paused = kept[3] ~= false
  texts = setmetatable({}, text_of)
  runs = {}
  changes = no_changes()
  budget = { edges = LIMIT.edges, fusions = LIMIT.fusions, handouts = LIMIT.ready_at_once, removals = LIMIT.removals }
  known = { heads = {}, informed = {}, external_ids = {}, log_room = false }
  return nil, lane_key
end

local function run_call(keys, args)
  local answer, lane_key = begin_call(keys, args)
  if answer then return answer end
  local requests = cmsgpack.unpack(args[3])
  prefetch(requests)
  local replies = {}
  for i = 1, #requests, 2 do append(replies, operations[requests[i]](requests[i + 1])) end
  append(replies, write_changes(), told)
  append(replies, args[2])
  local reply = cmsgpack.pack(replies)
  redis.call('SET', lane_key, reply, 'EX', 600)
  return reply
end
