-- Runs and rows as tables: read once per call, written once at its end (`flush.lua`).
local runs = {}
local touched = {}

local function load_run(uid)
  local run = runs[uid]
  if run ~= nil then return run end
  local raw = redis.call('HGET', P .. 'run:' .. uid, 'state')
  if not raw then
    runs[uid] = false
    return false
  end
  run = { uid = uid, counts = {}, rows = {}, changed = {}, parts = {} }
  local c = run.counts
  run.status, run.kind, run.flags, c[0], c[1], c[2], c[3], c[4], c[5], run.failed, run.queued, run.backlog,
    run.todo, run.sequence, run.created, run.started, run.ended, run.cancel_requested, run.timed_out =
    struct.unpack(FORMAT.state, raw)
  runs[uid] = run
  return run
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
  local status, reason, high, low, name = string.byte(raw, 1, 5)
  local row = { index = index, raw = raw, status = status, reason = reason, unsatisfied = high * 256 + low,
    name_end = 5 + name }
  run.rows[index] = row
  return row
end

local function load_row(run, index)
  local row = run.rows[index]
  if row ~= nil then return row end
  local raw = redis.call('HGET', P .. 'jobs:' .. run.uid, index)
  if raw then return new_row(run, index, raw) end
  run.rows[index] = false
  return false
end

-- Reads many rows in one command; `indexes` holds at most a few hundred.
local function load_rows(run, indexes)
  local missing = {}
  for i = 1, #indexes do
    if run.rows[indexes[i]] == nil then missing[#missing + 1] = indexes[i] end
  end
  if #missing == 0 then return end
  local raws = redis.call('HMGET', P .. 'jobs:' .. run.uid, unpack(missing))
  for i = 1, #missing do
    if raws[i] then new_row(run, missing[i], raws[i]) else run.rows[missing[i]] = false end
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
  s = {}
  s.attempt, s.epoch, s.flags, s.exit, s.executor, s.message, s.created, s.queued, s.claimed, s.scheduled, s.pulled,
    s.started, s.ended, s.closed, s.owner, s.text, s.steps = struct.unpack(FORMAT.attempt, row.raw, row.name_end + 1)
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
  return redis.call('HGET', P .. 'plan:' .. run.uid, index)
end

local function id_of(run, index, attempt)
  return run.uid .. '.' .. index .. '.' .. attempt
end
