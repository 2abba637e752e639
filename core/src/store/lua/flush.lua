-- Runs the operations, then writes all that they changed, and keeps the reply for a repeat.
local replies = {}
local at = 3
while at <= #ARGV do
  local name, count = ARGV[at], tonumber(ARGV[at + 1])
  local arguments = {}
  for i = 1, count do arguments[i] = ARGV[at + 1 + i] end
  replies[#replies + 1] = operations[name](arguments)
  at = at + 2 + count
end

-- A run ends when nothing of it is open and no mark of unresolved edges stands.
for i = 1, #touched do
  local run = touched[i]
  if run.counts[JOB.PENDING] + run.counts[JOB.RUNNING] == 0 and run.todo == 0 and run.ended == 0 then
    run.ended = now
    run.final = true
    local canceled = run.cancel_requested > 0 or run.timed_out > 0
    set_run_status(run, canceled and RUN.CANCELED or run.failed > 0 and RUN.FAILED or RUN.SUCCESSFUL)
  end
end

local marks = {}
local bundles = write_handouts(marks)

-- Commands that need memory come first: where Redis is full the first one fails, and nothing is half written.
for i = 1, #events do redis.call('XADD', P .. 'events', '*', 'e', events[i]) end
for i = 1, #touched do
  local run = touched[i]
  redis.call('HSET', P .. 'run:' .. run.uid, 'state', pack_run(run))
  local changed = run.changed
  local fields = {}
  for c = 1, #changed do
    fields[#fields + 1] = changed[c].index
    fields[#fields + 1] = pack_row(changed[c])
    if #fields == 1000 or c == #changed then
      redis.call('HSET', P .. 'jobs:' .. run.uid, unpack(fields))
      fields = {}
    end
  end
  if run.info then write_created(run) end
  if run.backlog_push then
    for from = 1, #run.backlog_push, 1000 do
      redis.call('RPUSH', P .. 'backlog:' .. run.uid,
        unpack(run.backlog_push, from, math.min(from + 999, #run.backlog_push)))
    end
  end
  if (run.backlog_taken or 0) > 0 then redis.call('LTRIM', P .. 'backlog:' .. run.uid, run.backlog_taken, -1) end
  if run.todo_queue and (run.todo > 0 or run.todo_queue.stored > 0) then write_todo(run) end
  if run.final then redis.call('ZREM', P .. 'live:' .. KIND[run.kind], run.uid) end
end
for key, value in pairs(pending_keys) do redis.call('SET', key, value, 'EX', 86400) end
for i = 1, #archived do redis.call('HSET', archived[i][1], archived[i][2], archived[i][3]) end
for _, log in pairs(logs) do write_log(log) end

-- One command for all members of a sorted set, a thousand at most.
local function zadd(key, pairs_of)
  for from = 1, #pairs_of, 1000 do
    redis.call('ZADD', key, unpack(pairs_of, from, math.min(from + 999, #pairs_of)))
  end
end

local function zrem(key, members)
  for from = 1, #members, 1000 do
    redis.call('ZREM', key, unpack(members, from, math.min(from + 999, #members)))
  end
end

local function grouped(list, entry)
  local groups = {}
  for i = 1, #list do
    local group = groups[list[i][1]] or {}
    groups[list[i][1]] = group
    entry(group, list[i])
  end
  return groups
end

local added = {}
for lease, expiry in pairs(lease_adds) do
  added[#added + 1] = expiry
  added[#added + 1] = lease
end
zadd(P .. 'leases', added)
for kind, group in pairs(grouped(marks, function(g, m) g[#g + 1] = now g[#g + 1] = m[2] end)) do
  zadd(P .. 'marks:' .. KIND[kind], group)
end
for executor, group in pairs(grouped(dues, function(g, d) g[#g + 1] = d[2] g[#g + 1] = d[3] end)) do
  zadd(P .. 'due:' .. executor, group)
end
zrem(P .. 'leases', lease_removes)
for kind, group in pairs(grouped(mark_removes, function(g, m) g[#g + 1] = m[2] end)) do
  zrem(P .. 'marks:' .. KIND[kind], group)
end

replies[#replies + 1] = bundles
redis.call('SET', lane_key, ARGV[2] .. cmsgpack.pack(replies), 'EX', 600)
return replies
