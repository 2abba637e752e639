-- Runs and rows as tables: read once per call, written once at its end (`write.lua`). They are made
-- with every field that they will have: a table that grows costs many times as much.

-- `run[status]` says how many of its jobs have that status, `run.rows` has its rows by index.
local function new_run(uid, raw)
  local run = unpack_run(raw)
  run.uid, run.key = uid, P .. 'run:' .. uid
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
    append(changes.runs, run)
  end
end

local function new_row(run, index, raw)
  if not raw then
    run.rows[index] = false
    return false
  end
  local row = unpack_row(raw)
  row.run, row.index, row.raw = run, index, raw
  row.name_end = NAME_AT + string.byte(raw, NAME_AT)
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
  local raws = redis.call('HMGET', run.key, unpack(fields))
  for i = 1, #missing do new_row(run, missing[i], raws[i]) end
end

-- A row that is likely to be claimed, with its plan.
local function load_row_and_plan(run, index)
  if run.rows[index] ~= nil then return end
  local text = texts[index]
  local values = redis.call('HMGET', run.key, text, 'p' .. text)
  local row = new_row(run, index, values[1])
  if row then row.plan = values[2] end
end

local function touch_row(run, row)
  if row.touched then return end
  row.touched = true
  row.next_touched = run.last_touched
  run.last_touched = row
  touch_run(run)
end

local function name_of(row)
  return string.sub(row.raw, NAME_AT + 1, row.name_end)
end

-- The section of the current or last attempt; false for a job that was never ready.
local function section_of(row)
  local s = row.section
  if s or #row.raw == row.name_end then return s end
  s = unpack_attempt(row.raw, row.name_end + 1)
  row.section = s
  return s
end

local function new_section(row, attempt, epoch, created, losses, failures)
  local s = blank_attempt()
  s.attempt, s.epoch, s.exit, s.created, s.losses, s.failures = attempt, epoch, NO_EXIT, created, losses, failures
  row.section = s
  return s
end

local function pack_row(row)
  local head = pack_row_head(row) .. string.sub(row.raw, NAME_AT, row.name_end)
  return row.section and head .. pack_attempt(row.section) or head
end

-- What never changes of a job: flags, priority, edges, pool, specification.
local function plan_of(row)
  local plan = row.plan
  if not plan then
    plan = redis.call('HGET', row.run.key, 'p' .. texts[row.index])
    row.plan = plan
  end
  return plan
end

-- Reads the plans of the first `count` rows, five hundred in a command.
local function load_plans(run, rows, count)
  local missing, fields = {}, {}
  for i = 1, count do
    if not rows[i].plan then
      missing[#missing + 1] = rows[i]
      fields[#fields + 1] = 'p' .. texts[rows[i].index]
    end
  end
  for from = 1, #missing, 500 do
    local plans = redis.call('HMGET', run.key, unpack(fields, from, math.min(from + 499, #missing)))
    for i = 1, #plans do missing[from + i - 1].plan = plans[i] end
  end
end

local function edges_in(plan)
  local a, b, c, d = string.byte(plan, 3, 6)
  return (((a * 256 + b) * 256 + c) * 256 + d) / 3
end

-- A cancel or its timeout has asked for its end.
local function is_ending(run)
  return run.cancel_requested > 0 or run.timed_out > 0
end

local function has_priorities(run)
  return bit.band(run.flags, RUN_FLAG.JOB_PRIORITIES) > 0
end

-- As it is stored: from 0 (lowest) to 200. The priority of a job replaces that of its run (see Priorities).
local function priority_of(run, row)
  if not has_priorities(run) then return run.priority end
  return (string.byte(plan_of(row), 2))
end

-- Pools. In one table: Lua allows 200 local variables.
local pools = {}

-- Whether jobs have pools of their own, in their plans.
function pools.differ(run)
  return bit.band(run.flags, RUN_FLAG.JOB_POOLS) > 0
end

-- The pool of a job replaces that of its run.
function pools.of(run, row)
  if not pools.differ(run) then return run.pool end
  local plan = plan_of(row)
  local at = 7 + edges_in(plan) * 3
  local length = string.byte(plan, at)
  return length == 0 and run.pool or string.sub(plan, at + 1, at + length)
end

-- Slices: what of a run is handed out in a pool (`queued`), and how many of its ready jobs wait there (`backlog`, in the set
-- `backlog_key`). Pools do not wait for one another: one of them may have no worker. A run whose jobs are all in one pool is
-- its own only slice.
function pools.slices(run)
  if run.slices then return run.slices end
  local slices = {}
  local stored = run.pools or redis.call('HGET', run.key, 'pools')
  for pool, queued, backlog in string.gmatch(stored, '(%S+) (%d+) (%d+)') do
    local slice = { pool = pool, queued = tonumber(queued), backlog = tonumber(backlog) }
    slices[#slices + 1] = slice
    slices[pool] = slice
  end
  run.slices = slices
  return slices
end

function pools.slice_of(run, row)
  if not pools.differ(run) then return run end
  return pools.slices(run)[pools.of(run, row)]
end

-- Calls `use` with the run and each of its slices.
function pools.each_slice(run, use)
  if not pools.differ(run) then return use(run, run) end
  local slices = pools.slices(run)
  for i = 1, #slices do use(run, slices[i]) end
end

function pools.backlog_key(run, slice)
  local key = P .. 'backlog:' .. run.uid
  return slice == run and key or key .. ':' .. slice.pool
end

-- The field `pools` of a run.
function pools.pack(slices)
  local lines = {}
  for i = 1, #slices do lines[i] = slices[i].pool .. ' ' .. texts[slices[i].queued] .. ' ' .. texts[slices[i].backlog] end
  return table.concat(lines, '\n')
end

local function id_of(run, index, attempt)
  return run.uid .. '.' .. texts[index] .. '.' .. texts[attempt]
end
