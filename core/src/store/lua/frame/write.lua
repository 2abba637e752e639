-- Writes everything that the operations of a call changed. Nothing is written before: an operation that raises an error
-- leaves no trace, nor do the others of its call.

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
local function end_runs()
  for i = 1, #changes.runs do
    local run = changes.runs[i]
    if run[JOB.PENDING] + run[JOB.RUNNING] == 0 and run.todo == 0 and run.ended == 0 then
      run.ended = now
      run.final = true
      set_run_status(run, is_ending(run) and RUN.CANCELED or run.failed > 0 and RUN.FAILED or RUN.SUCCESSFUL)
      if bit.band(run.flags, RUN_FLAG.TIMEOUT) > 0 then append(changes.deadlines_removed, run_deadline(run)) end
    end
  end
end

-- The next jobs are chosen from all that wait, so what this call adds is written before.
local function write_backlog(run, slice)
  settle_fresh(run, slice)
  if slice.backlog_dropped then redis.call('UNLINK', pools.backlog_key(run, slice)) end
  if slice.backlog_push then zadd(pools.backlog_key(run, slice), slice.backlog_push) end
  if slice.backlog_removed then zrem(pools.backlog_key(run, slice), slice.backlog_removed) end
  hand_out_backlog(run, slice)
  if slice.backlog_taken then zrem(pools.backlog_key(run, slice), slice.backlog_taken) end
end

-- The events of a call are one entry of the stream, or several of a hundred (`event-entries.ts`).
local function write_events(events)
  for from = 1, #events, 100 do
    local fields = {}
    for i = from, math.min(from + 99, #events) do append(fields, 'e', events[i]) end
    redis.call('XADD', P .. 'events', '*', unpack(fields))
  end
end

-- The state of a run and its rows that changed; of a new one also what never changes. About a thousand
-- values in a command.
local function write_state(run)
  local first = run.last_touched
  if not run.is_new and not run.slices then
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
  if run.is_new then append(fields, 'info', run.info) end
  if run.is_new and run.shared then append(fields, 'shared', run.shared) end
  if run.slices then append(fields, 'pools', pools.pack(run.slices)) end
  if run.inline then write_inline(run) end
  local row = first
  while row do
    if #fields >= 1000 then
      redis.call('HSET', run.key, unpack(fields))
      fields = {}
    end
    append(fields, texts[row.index], pack_row(row))
    row = row.next_touched
  end
  redis.call('HSET', run.key, unpack(fields))
end

local function write_runs(changed)
  for i = 1, #changed do
    local run = changed[i]
    write_state(run)
    if run.is_new then write_created(run) end
    if run.todo_queue and (run.todo > 0 or run.todo_queue.stored > 0) then write_todo(run) end
    index_status(run)
  end
end

local function write_stops(by_executor)
  for executor, entries in pairs(by_executor) do
    local fields = {}
    for id, entry in pairs(entries) do append(fields, id, entry) end
    redis.call('HSET', P .. 'stops:' .. texts[executor], unpack(fields))
  end
end

-- Calls `write` for each key of a table, with what it holds.
local function each(write)
  return function(held)
    for key, value in pairs(held) do write(key, value) end
  end
end

-- What is written, in this order, and how. Marks are removed before others are added, since what is parked may be handed
-- out again in the same call; in all other sets what a call adds and removes is removed.
local WRITES = {
  { 'events', write_events },
  { 'runs', write_runs },
  { 'idempotency_keys', each(function(key, value) redis.call('SET', key, value, 'EX', 86400) end) },
  { 'fields', each(function(_, field) redis.call('HSET', field[1], field[2], field[3]) end) },
  { 'logs', each(function(_, log) write_log(log) end) },
  { 'logs_ended', each(function(_, key) redis.call('PUBLISH', key, 'end') end) },
  { 'leases_added', each(function(executor, scored) zadd(P .. 'leases:' .. texts[executor], scored) end) },
  { 'deadlines_added', function(scored) zadd(P .. 'deadlines', scored) end },
  { 'stops', write_stops },
  { 'stops_announced', each(function(executor) redis.call('PUBLISH', P .. 'stops:' .. texts[executor], '') end) },
  { 'slots_added', each(function(uid, holders) zadd(P .. 'slots:' .. uid, holders) end) },
  { 'executors_seen', each(function(executor, at) redis.call('HSET', P .. 'seen', executor, at) end) },
  { 'marks_removed', each(function(pool, members) zrem(P .. 'marks:' .. pool, members) end) },
  { 'marks_added', each(function(pool, scored) zadd(P .. 'marks:' .. pool, scored) end) },
  { 'removals_due', each(function(executor, scored) zadd(P .. 'due:' .. texts[executor], scored) end) },
  { 'leases_removed', each(function(executor, members) zrem(P .. 'leases:' .. texts[executor], members) end) },
  { 'slots_removed', each(function(uid, holders) zrem(P .. 'slots:' .. uid, holders) end) },
  { 'deadlines_removed', function(members) zrem(P .. 'deadlines', members) end },
  { 'stops_removed', each(function(executor, ids) redis.call('HDEL', P .. 'stops:' .. texts[executor], unpack(ids)) end) },
  { 'clock_seen', function(seen) if seen then redis.call('SET', P .. 'clockSeen', texts[told]) end end },
  { 'removals', each(function(_, remove) remove() end) },
}

-- @return the messages of this call, for the caller to enqueue.
local function write_changes()
  end_runs()
  for i = 1, #changes.runs do pools.each_slice(changes.runs[i], write_backlog) end
  local bundles = write_handouts()
  for i = 1, #WRITES do WRITES[i][2](changes[WRITES[i][1]]) end
  -- The removals change it too.
  if changes.log_bytes ~= 0 then redis.call('HINCRBY', P .. 'counters', 'logBytes', changes.log_bytes) end
  return bundles
end
