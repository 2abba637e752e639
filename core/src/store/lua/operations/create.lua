-- create: makes a run visible (life of a run, step 2).
--
-- args   uid, kind code, info JSON, jobs, idempotency key or '', hash of the body, roots (u16 each),
--        backlog, flags, priority, maxParallel or 0, timeout in ms or '', how many jobs are SUCCESSFUL and how many
--        SKIPPED from the beginning (a rerun), how many fields the rows and plans have, indexes (`indexes.lua`), the
--        pipeline's env as JSON or '', source or '', then these fields and values, of each job four of them first, where
--        they were not stored before
-- reply  created uid | replayed uid | conflict uid | incomplete
--
-- Larger runs store their rows before, under keys that expire by themselves if this never comes.
local INLINE = 18 -- The place of the source; the fields come after it.

-- What was stored before expires by itself, and a part of it may have: a run is made of all of it or not at all.
local function is_stored_before(a)
  local uid = a[1]
  return redis.call('HLEN', P .. 'run:' .. uid) == a[15] and redis.call('ZCARD', P .. 'backlog:' .. uid) == a[8]
    and redis.call('EXISTS', P .. 'source:' .. uid) == 1
end

operations.create = function(a)
  local uid, jobs = a[1], a[4]
  local idempotency = a[5] ~= '' and (P .. 'idempotency:' .. a[5])
  if idempotency then
    local kept = redis.call('GET', idempotency) or changes.idempotency_keys[idempotency]
    if kept then
      local first, hash = string.match(kept, '^(%S+) (%S+)$')
      return { hash == a[6] and 'replayed' or 'conflict', first }
    end
  end
  -- A repeat that comes after its lane has gone on, with a connection that was slow to die.
  if load_run(uid) then return { 'created', uid } end
  local inline = #a > INLINE
  if not inline and not is_stored_before(a) then return { 'incomplete' } end
  local run = { uid = uid, key = P .. 'run:' .. uid, [0] = jobs - a[13] - a[14], 0, a[13], 0, a[14], 0, rows = {},
    last_touched = false, status = RUN.PENDING, kind = a[2], flags = a[9], priority = a[10], max_parallel = a[11],
    failed = 0, open = 0, queued = 0, backlog = a[8], todo = 0, todo_queue = false, backlog_push = false,
    backlog_taken = false, backlog_dropped = false, slots_taken = 0, fresh = false, backlog_top = false, gave_way = false,
    sequence = redis.call('HINCRBY', P .. 'counters', 'sequence', 1), created = now, started = 0, ended = 0,
    cancel_requested = 0, timed_out = 0, info = a[3], env = a[17] ~= '' and a[17], indexes = a[16], is_new = true, source = inline and a[INLINE],
    inline = inline and a }
  runs[uid] = run
  touch_run(run)
  local roots = {}
  for i = 1, #a[7] / 2 do
    local high, low = string.byte(a[7], i * 2 - 1, i * 2)
    roots[i] = high * 256 + low
  end
  if inline then
    -- The fields of a job are its index, row, `pINDEX`, plan.
    for i = 1, #roots do
      local at = INLINE + roots[i] * 4
      new_row(run, roots[i], a[at + 2]).plan = a[at + 4]
    end
  else
    for from = 1, #roots, 200 do
      load_rows(run, { unpack(roots, from, math.min(from + 199, #roots)) })
    end
  end
  for i = 1, #roots do make_ready(run, run.rows[roots[i]], false) end
  if a[12] ~= '' then
    append(changes.deadlines_added, texts[now + a[12]], run_deadline(run))
  end
  append(changes.events, 'run.created\31' .. texts[now] .. '\31' .. uid .. '\31' .. texts[jobs] .. '\31' .. a[3])
  if idempotency then changes.idempotency_keys[idempotency] = uid .. ' ' .. a[6] end
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
    for _, name in ipairs({ 'run:', 'backlog:', 'source:' }) do
      redis.call('PERSIST', P .. name .. run.uid)
    end
  end
  redis.call('ZADD', P .. 'runs', run.sequence, run.uid)
  redis.call('ZADD', P .. 'live:' .. KIND[run.kind], run.sequence, run.uid)
  index_created(run)
end
