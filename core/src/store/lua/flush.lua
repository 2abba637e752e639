-- Runs the operations, then writes all that they changed, and keeps the reply for a repeat.
local replies = {}
local requests = cmsgpack.unpack(ARGV[3])
prefetch(requests)
for i = 1, #requests, 2 do replies[#replies + 1] = operations[requests[i]](requests[i + 1]) end

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

-- The state of a run, its rows that changed, and of a new one what never changes, a thousand values in a command.
local function write_run(run)
  local fields = { 'state', pack_run(run) }
  if run.is_new then
    fields[3], fields[4] = 'info', run.info
    if run.source then
      for index, plan in pairs(run.plans) do
        fields[#fields + 1] = 'p' .. texts[index]
        fields[#fields + 1] = plan
      end
    end
  end
  local changed = run.changed
  for i = 1, #changed do
    if #fields >= 1000 then
      redis.call('HSET', run.key, unpack(fields))
      fields = {}
    end
    fields[#fields + 1] = texts[changed[i].index]
    fields[#fields + 1] = pack_row(changed[i])
  end
  redis.call('HSET', run.key, unpack(fields))
end

-- Commands that need memory come first: where Redis is full the first one fails, and nothing is half written.
-- The events of a call are one entry of the stream, or several of a hundred (`event-entries.ts`).
for from = 1, #events, 100 do
  local fields = {}
  for i = from, math.min(from + 99, #events) do
    fields[#fields + 1] = 'e'
    fields[#fields + 1] = events[i]
  end
  redis.call('XADD', P .. 'events', '*', unpack(fields))
end
for i = 1, #touched do
  local run = touched[i]
  write_run(run)
  if run.is_new then write_created(run) end
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
for i = 1, #ended_logs do redis.call('PUBLISH', ended_logs[i], 'end') end

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
  added[#added + 1] = texts[expiry]
  added[#added + 1] = lease
end
zadd(P .. 'leases', added)
for kind, group in pairs(grouped(marks, function(g, m) g[#g + 1] = texts[now] g[#g + 1] = m[2] end)) do
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
local reply = cmsgpack.pack(replies)
redis.call('SET', lane_key, ARGV[2] .. reply, 'EX', 600)
return reply
