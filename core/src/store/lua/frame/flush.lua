-- Runs the operations, then writes all that they changed, and keeps the reply for a repeat.
local replies = {}
local requests = cmsgpack.unpack(ARGV[3])
for i = 1, #requests, 2 do
  if not operations[requests[i]] then loaders[requests[i]]() end
end
prefetch(requests)
for i = 1, #requests, 2 do replies[#replies + 1] = operations[requests[i]](requests[i + 1]) end

-- One command for all members of a sorted set, a thousand values at most.
local function zadd(key, scored)
  for from = 1, #scored, 1000 do
    redis.call('ZADD', key, unpack(scored, from, math.min(from + 999, #scored)))
  end
end

local function zrem(key, members)
  for from = 1, #members, 1000 do
    redis.call('ZREM', key, unpack(members, from, math.min(from + 999, #members)))
  end
end

-- A run ends when nothing of it is open and no mark of unresolved edges stands.
for i = 1, #touched do
  local run = touched[i]
  if run[JOB.PENDING] + run[JOB.RUNNING] == 0 and run.todo == 0 and run.ended == 0 then
    run.ended = now
    run.final = true
    local canceled = run.cancel_requested > 0 or run.timed_out > 0
    set_run_status(run, canceled and RUN.CANCELED or run.failed > 0 and RUN.FAILED or RUN.SUCCESSFUL)
    if bit.band(run.flags, RUN_TIMEOUT) > 0 then deadline_removes[#deadline_removes + 1] = run_deadline(run) end
  end
end

-- What this call put into backlogs is stored first, since the next ones are chosen from all that is there.
for i = 1, #touched do
  local run = touched[i]
  settle_fresh(run)
  local key, removed = P .. 'backlog:' .. run.uid, backlog_removes[run.uid]
  if run.backlog_dropped then redis.call('UNLINK', key) end
  if run.backlog_push then zadd(key, run.backlog_push) end
  if removed then zrem(key, removed) end
  hand_out_backlog(run)
end

local bundles = write_handouts()

-- The state of a run and its rows that changed; of a new one also what never changes. About a thousand
-- values in a command.
local function write_run(run)
  local first = run.last_touched
  if not run.is_new then
    local second = first and first.next_touched
    local third = second and second.next_touched
    if not second then
      if not first then return redis.call('HSET', run.key, 'state', pack_run(run)) end
      return redis.call('HSET', run.key, 'state', pack_run(run), texts[first.index], pack_row(first))
    elseif not third then
      return redis.call('HSET', run.key, 'state', pack_run(run), texts[first.index], pack_row(first),
        texts[second.index], pack_row(second))
    end
  end
  local fields = { 'state', pack_run(run) }
  if run.is_new then fields[3], fields[4] = 'info', run.info end
  if run.is_new and run.env then fields[5], fields[6] = 'env', run.env end
  if run.inline then write_inline(run) end
  local row = first
  while row do
    local count = #fields
    if count >= 1000 then
      redis.call('HSET', run.key, unpack(fields))
      fields, count = {}, 0
    end
    fields[count + 1], fields[count + 2] = texts[row.index], pack_row(row)
    row = row.next_touched
  end
  redis.call('HSET', run.key, unpack(fields))
end

-- Where Redis is full the first command that needs memory fails, unless one that needs none was carried out before.
-- So a new run is refused, with nothing half written, while what has begun can end and be deleted (see Full store).
if not created then redis.call('DEL', lane_key) end
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
  if run.backlog_taken and #run.backlog_taken > 0 then
    redis.call('ZREM', P .. 'backlog:' .. run.uid, unpack(run.backlog_taken))
  end
  if run.todo_queue and (run.todo > 0 or run.todo_queue.stored > 0) then write_todo(run) end
  if run.final then redis.call('ZREM', P .. 'live:' .. KIND[run.kind], run.uid) end
  index_status(run)
end
for key, value in pairs(pending_keys) do redis.call('SET', key, value, 'EX', 86400) end
for i = 1, #archived do redis.call('HSET', archived[i][1], archived[i][2], archived[i][3]) end
for _, log in pairs(logs) do write_log(log) end
for i = 1, #ended_logs do redis.call('PUBLISH', ended_logs[i], 'end') end

for executor, scored in pairs(lease_adds) do zadd(P .. 'leases:' .. texts[executor], scored) end
zadd(P .. 'deadlines', deadline_adds)
for executor, entries in pairs(stop_entries) do
  local fields = {}
  for id, entry in pairs(entries) do
    fields[#fields + 1] = id
    fields[#fields + 1] = entry
  end
  redis.call('HSET', P .. 'stops:' .. texts[executor], unpack(fields))
end
for executor in pairs(stops_asked) do redis.call('PUBLISH', P .. 'stops:' .. texts[executor], '') end
for uid, holders in pairs(slot_adds) do zadd(P .. 'slots:' .. uid, holders) end
for executor, time_seen in pairs(seen) do redis.call('HSET', P .. 'seen', executor, time_seen) end
-- Marks are removed first: what is parked may be handed out again in the same call.
for kind, members in pairs(mark_removes) do zrem(P .. 'marks:' .. KIND[kind], members) end
for kind, scored in pairs(marks) do zadd(P .. 'marks:' .. KIND[kind], scored) end
for executor, scored in pairs(dues) do zadd(P .. 'due:' .. texts[executor], scored) end
for executor, members in pairs(lease_removes) do zrem(P .. 'leases:' .. texts[executor], members) end
for uid, holders in pairs(slot_removes) do zrem(P .. 'slots:' .. uid, holders) end
zrem(P .. 'deadlines', deadline_removes)
for executor, ids in pairs(stop_removes) do redis.call('HDEL', P .. 'stops:' .. texts[executor], unpack(ids)) end

if clock_seen then redis.call('SET', P .. 'clockSeen', texts[told]) end
for i = 1, #removals do removals[i]() end
if log_bytes ~= 0 then redis.call('HINCRBY', P .. 'counters', 'logBytes', log_bytes) end

replies[#replies + 1] = bundles
replies[#replies + 1] = told
local reply = cmsgpack.pack(replies)
redis.call('SET', lane_key, ARGV[2] .. reply, 'EX', 600)
return reply
