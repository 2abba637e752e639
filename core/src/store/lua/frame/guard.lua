-- The one place that writes a status; the tables come from core/engine/states.ts.

-- The number of the current or last attempt; 0 before the first claim. A job that waits to be claimed has no attempt yet: if
-- a cancel or timeout ends the wait, there never was one.
local function claimed_attempt(s)
  if not s then return 0 end
  return s.claimed > 0 and s.attempt or s.attempt - 1
end

-- Fields are joined by the unit separator; the text comes last, since it may hold anything.
local function emit_job(kind, run, row)
  local s = row.section
  append(changes.events, kind .. '\31' .. texts[now] .. '\31' .. run.uid .. '\31' .. name_of(row) .. '\31'
    .. texts[claimed_attempt(s)] .. '\31' .. texts[row.status] .. '\31' .. texts[row.reason] .. '\31'
    .. texts[s and s.exit or NO_EXIT] .. '\31' .. (s and s.text or ''))
end

local function emit_run(run)
  append(changes.events, 'run.status\31' .. texts[now] .. '\31' .. run.uid .. '\31' .. texts[run.status])
end

local function set_status(run, row, status, reason)
  if not ALLOWED_JOB[row.status * STATUSES + status] then
    error('job ' .. run.uid .. '/' .. row.index .. ' cannot go from status ' .. row.status .. ' to ' .. status)
  end
  run[row.status] = run[row.status] - 1
  run[status] = run[status] + 1
  row.status = status
  row.reason = reason
  touch_row(run, row)
end

local function set_run_status(run, status)
  if not ALLOWED_RUN[run.status * STATUSES + status] then
    error('run ' .. run.uid .. ' cannot go from status ' .. run.status .. ' to ' .. status)
  end
  run.status = status
  touch_run(run)
  emit_run(run)
end

-- The run, the row and the attempt of the lease that an operation begins with; nil if that is not the lease any more (see Old
-- leases).
local function held(a)
  local at = ARG.lease
  local run = load_run(a[at.uid])
  local row = run and load_row(run, a[at.index])
  local s = row and section_of(row)
  if not s or s.attempt ~= a[at.attempt] or s.epoch ~= a[at.epoch] or s.owner ~= a[at.owner] then return nil end
  return run, row, s
end
