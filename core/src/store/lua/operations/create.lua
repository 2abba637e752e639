-- create: makes a run visible (life of a run, step 2).
--
-- args   uid, pool, '' if all jobs are in that one, else a line for each of their pools: it, 0, and how many jobs stand in
--        the backlog there; info JSON, jobs, idempotency key or '', hash of the body, external id or '', roots (u16 each),
--        backlog (0 if jobs have pools of their own), flags, priority, maxParallel or 0, timeout in ms or '', how many jobs
--        are SUCCESSFUL and how many SKIPPED from the beginning (a rerun), how many fields the rows and plans have, indexes
--        (`indexes.lua`), what all jobs share as JSON or '', source or '', then these fields and values, of each job four of
--        them first, where they were not stored before
-- reply  created uid | replayed uid | conflict uid | taken (a run has the external id) | incomplete
--
-- Larger runs store their rows before, under keys that expire by themselves if this never comes.
local INLINE = ARG.create.source -- The fields come after it.

-- The parts that were stored before expire by themselves. If one is missing, the run is not made.
local function is_stored_before(run, field_count)
  local complete = redis.call('HLEN', run.key) == field_count and redis.call('EXISTS', P .. 'source:' .. run.uid) == 1
  pools.each_slice(run, function(_, slice)
    complete = complete and redis.call('ZCARD', pools.backlog_key(run, slice)) == slice.backlog
  end)
  return complete
end

operations.create = function(a)
  local at = ARG.create
  local uid, jobs = a[at.uid], a[at.jobs]
  local idempotency = a[at.idempotency] ~= '' and (P .. 'idempotency:' .. a[at.idempotency])
  if idempotency then
    local kept = redis.call('GET', idempotency) or changes.idempotency_keys[idempotency]
    if kept then
      local first, hash = string.match(kept, '^(%S+) (%S+)$')
      return { hash == a[at.body_hash] and 'replayed' or 'conflict', first }
    end
  end
  -- A repeat from a connection that was slow to die, after its lane has moved on.
  if load_run(uid) then return { 'created', uid } end
  local external = a[at.external_id]
  if external ~= '' then
    if known.external_ids[external] or redis.call('EXISTS', P .. 'external:' .. external) == 1 then return { 'taken' } end
  end
  local inline = #a > INLINE
  local run = blank_run()
  run.uid, run.key = uid, P .. 'run:' .. uid
  run[JOB.PENDING], run[JOB.SUCCESSFUL], run[JOB.SKIPPED] = jobs - a[at.successful] - a[at.skipped], a[at.successful], a[at.skipped]
  run.status, run.flags, run.priority, run.max_parallel = RUN.PENDING, a[at.flags], a[at.priority], a[at.max_parallel]
  run.pool, run.pools, run.backlog = a[at.pool], a[at.pools], a[at.backlog]
  if not inline and not is_stored_before(run, a[at.field_count]) then return { 'incomplete' } end
  run.slots_taken, run.created = 0, now
  run.sequence = redis.call('HINCRBY', P .. 'counters', 'sequence', 1)
  run.info, run.shared, run.indexes, run.is_new = a[at.info], a[at.shared] ~= '' and a[at.shared], a[at.indexes], true
  run.source, run.inline = inline and a[INLINE], inline and a
  runs[uid] = run
  touch_run(run)
  local roots = {}
  for i = 1, #a[at.roots] / 2 do
    local high, low = string.byte(a[at.roots], i * 2 - 1, i * 2)
    roots[i] = high * 256 + low
  end
  if inline then
    -- The fields of a job are its index, row, `pINDEX`, plan.
    for i = 1, #roots do
      local place = INLINE + roots[i] * 4
      new_row(run, roots[i], a[place + 2]).plan = a[place + 4]
    end
  else
    for from = 1, #roots, 200 do
      load_rows(run, { unpack(roots, from, math.min(from + 199, #roots)) })
    end
  end
  for i = 1, #roots do make_ready(run, run.rows[roots[i]], false) end
  if a[at.timeout] ~= '' then
    append(changes.deadlines_added, texts[now + a[at.timeout]], run_deadline(run))
  end
  append(changes.events, 'run.created\31' .. texts[now] .. '\31' .. uid .. '\31' .. texts[jobs] .. '\31' .. a[at.info])
  if external ~= '' then known.external_ids[external] = true end
  if idempotency then changes.idempotency_keys[idempotency] = uid .. ' ' .. a[at.body_hash] end
  return { 'created', uid }
end

-- Goes before the rows that changed with it.
local function write_inline(run)
  local a = run.inline
  for from = INLINE + 1, #a, 1000 do
    redis.call('HSET', run.key, unpack(a, from, math.min(from + 999, #a)))
  end
end

local function write_created(run)
  if run.source then
    redis.call('SET', P .. 'source:' .. run.uid, run.source)
  else
    redis.call('PERSIST', run.key)
    redis.call('PERSIST', P .. 'source:' .. run.uid)
    pools.each_slice(run, function(_, slice) redis.call('PERSIST', pools.backlog_key(run, slice)) end)
  end
  redis.call('ZADD', P .. 'runs', run.sequence, run.uid)
  index_created(run)
end
