-- Runs and rows as tables: read once per call, written once at its end (`flush.lua`). They are made
-- with all that they will hold: a table that grows field by field costs ten times as much.
local runs = {}
local touched = {}

local function new_run(uid, raw)
  local status, kind, flags, c0, c1, c2, c3, c4, c5, failed, queued, backlog, todo, sequence, created, started, ended,
    cancel_requested, timed_out = struct.unpack(FORMAT.state, raw)
  local run = { uid = uid, key = P .. 'run:' .. uid, status = status, kind = kind, flags = flags,
    counts = { [0] = c0, c1, c2, c3, c4, c5 }, failed = failed, queued = queued, backlog = backlog, todo = todo,
    sequence = sequence, created = created, started = started, ended = ended, cancel_requested = cancel_requested,
    timed_out = timed_out, rows = {}, plans = {}, changed = {}, touched = false, final = false, is_new = false,
    info = false, todo_queue = false, backlog_push = false, backlog_taken = 0 }
  runs[uid] = run
  return run
end

local function load_run(uid)
  local run = runs[uid]
  if run ~= nil then return run end
  local raw = redis.call('HGET', P .. 'run:' .. uid, 'state')
  if raw then return new_run(uid, raw) end
  runs[uid] = false
  return false
end

local function touch_run(run)
  if not run.touched then
    run.touched = true
    touched[#touched + 1] = run
  end
end

local function pack_run(run)
  local c = run.counts
  return struct.pack(FORMAT.state, run.status, run.kind, run.flags, c[0], c[1], c[2], c[3], c[4], c[5], run.failed,
    run.queued, run.backlog, run.todo, run.sequence, run.created, run.started, run.ended, run.cancel_requested,
    run.timed_out)
end

local function new_row(run, index, raw)
  if not raw then
    run.rows[index] = false
    return false
  end
  local status, reason, high, low, name = string.byte(raw, 1, 5)
  local row = { index = index, raw = raw, status = status, reason = reason, unsatisfied = high * 256 + low,
    name_end = 5 + name, section = false, touched = false, handed_out = false, announce = false }
  run.rows[index] = row
  return row
end

local function load_row(run, index)
  local row = run.rows[index]
  if row ~= nil then return row end
  return new_row(run, index, redis.call('HGET', run.key, texts[index]))
end

-- Reads many rows in one command; `indexes` holds at most a few hundred.
local function load_rows(run, indexes)
  local missing, fields = {}, {}
  for i = 1, #indexes do
    local index = indexes[i]
    if run.rows[index] == nil then
      missing[#missing + 1] = index
      fields[#fields + 1] = texts[index]
    end
  end
  if #missing == 0 then return end
  -- The only dependent of a job is likely to be claimed at once, for which its plan is needed.
  local single = #missing == 1 and missing[1]
  if single then fields[2] = 'p' .. fields[1] end
  local raws = redis.call('HMGET', run.key, unpack(fields))
  for i = 1, #missing do new_row(run, missing[i], raws[i]) end
  if single then run.plans[single] = raws[2] end
end

-- Reads what the operations of this call name, in one command for each run.
local function prefetch(requests)
  local fields_of = {}
  for i = 1, #requests, 2 do
    local wanted = reads[requests[i]]
    if wanted then
      local uid, index = requests[i + 1][1], requests[i + 1][2]
      local fields = fields_of[uid]
      if not fields then
        fields = { 'state' }
        fields_of[uid] = fields
      end
      local text = texts[index]
      fields[#fields + 1] = text
      if wanted > 1 then fields[#fields + 1] = 'p' .. text end
      if wanted > 2 and not fields.informed then
        fields.informed = true
        fields[#fields + 1] = 'info'
      end
    end
  end
  for uid, fields in pairs(fields_of) do
    local values = redis.call('HMGET', P .. 'run:' .. uid, unpack(fields))
    local run = values[1] and new_run(uid, values[1])
    runs[uid] = run
    for i = 2, run and #fields or 0 do
      local field = fields[i]
      if field == 'info' then
        run.info = values[i]
      elseif string.byte(field) == 112 then
        run.plans[tonumber(string.sub(field, 2))] = values[i]
      elseif run.rows[tonumber(field)] == nil then
        new_row(run, tonumber(field), values[i])
      end
    end
  end
end

local function touch_row(run, row)
  if not row.touched then
    row.touched = true
    run.changed[#run.changed + 1] = row
    touch_run(run)
  end
end

local function name_of(row)
  return string.sub(row.raw, 6, row.name_end)
end

-- The section of the current or last attempt; nil for a job that was never ready.
local function section_of(row)
  local s = row.section
  if s or #row.raw == row.name_end then return s end
  local attempt, epoch, flags, exit, executor, message, created, queued, claimed, scheduled, pulled, started, ended,
    closed, owner, text, steps = struct.unpack(FORMAT.attempt, row.raw, row.name_end + 1)
  s = { attempt = attempt, epoch = epoch, flags = flags, exit = exit, executor = executor, message = message,
    created = created, queued = queued, claimed = claimed, scheduled = scheduled, pulled = pulled, started = started,
    ended = ended, closed = closed, owner = owner, text = text, steps = steps }
  row.section = s
  return s
end

local function new_section(row, attempt, epoch, created)
  row.section = { attempt = attempt, epoch = epoch, flags = 0, exit = NO_EXIT, executor = 0, message = 0,
    created = created, queued = 0, claimed = 0, scheduled = 0, pulled = 0, started = 0, ended = 0, closed = 0,
    owner = '', text = '', steps = '' }
  return row.section
end

local function pack_row(row)
  local head = string.char(row.status, row.reason, math.floor(row.unsatisfied / 256), row.unsatisfied % 256)
  local s = row.section
  if not s then return head .. string.sub(row.raw, 5) end
  return head .. string.sub(row.raw, 5, row.name_end) .. struct.pack(FORMAT.attempt, s.attempt, s.epoch, s.flags,
    s.exit, s.executor, s.message, s.created, s.queued, s.claimed, s.scheduled, s.pulled, s.started, s.ended, s.closed,
    #s.owner, s.owner, #s.text, s.text, #s.steps, s.steps)
end

local function load_plan(run, index)
  local plan = run.plans[index]
  if plan then return plan end
  plan = redis.call('HGET', run.key, 'p' .. texts[index])
  run.plans[index] = plan
  return plan
end

local function id_of(run, index, attempt)
  return run.uid .. '.' .. texts[index] .. '.' .. texts[attempt]
end
