-- Rule R14: all deadlines and backoffs stand in one sorted set, `uid.index.attempt.KIND` by the time
-- at which they are due. KIND is `t` (the job's timeout), `p` (its pendingTimeout), `b` (the end of a
-- backoff) or `r` (the run's timeout, `uid.0.0.r`). One that comes too late, or for an attempt that is
-- over, does nothing.
--
-- What is to be stopped then stands in `stops:EXECUTOR`, `uid.index.attempt` → code of the reason,
-- until it has ended: whoever renews the lease or adopts the attempt is told. `CODE.TIME` says when a worker was told
-- first: the grace of the stop counts from then, whoever adopts the attempt later.
local deadline_adds, deadline_removes, stop_adds, stops_told, stop_removes = {}, {}, {}, {}, {}
-- Set by who looks through the deadlines: it is kept when that was, a witness that time has passed (`clock.lua`).
local clock_seen

local function set_deadline(run, row, kind, at)
  local s = row.section
  s.flags = bit.bor(s.flags, DEADLINE)
  deadline_adds[#deadline_adds + 1] = texts[at]
  deadline_adds[#deadline_adds + 1] = id_of(run, row.index, s.attempt) .. kind
end

local function drop_deadline(run, row, kind)
  deadline_removes[#deadline_removes + 1] = id_of(run, row.index, row.section.attempt) .. kind
end

-- The request that the attempt's end will show whatever its exit code (rule R11), or nil.
local function stop_reason(run, s)
  if has_flag(s, TIMED_OUT) then return REASON.TimedOut end
  if has_flag(s, PENDING_TIMED_OUT) then return REASON.PendingTimedOut end
  if has_flag(s, CRASHED) then return REASON.WorkerCrashed end
  if run.cancel_requested > 0 then return REASON.CanceledByUser end
  if run.timed_out > 0 then return REASON.RunTimedOut end
  if has_flag(s, INTERRUPTED) then return REASON.Interrupted end
  return nil
end

-- A worker is told to stop an attempt, of which `entry` stands in `stops`. @return how many ms ago one was told first.
local function tell_stop(executor, id, entry)
  local at = string.match(entry, '%.(%d+)$')
  if at then return math.max(0, now - tonumber(at)) end
  add_to(stops_told, executor, id, entry .. '.' .. texts[now])
  return 0
end

local function run_deadline(run)
  return run.uid .. '.0.0.r'
end

-- The attempt is over: nothing of it is due, and nobody has to stop it.
local function clear_deadlines(run, row)
  local s = row.section
  if not has_flag(s, DEADLINE) then return end
  drop_deadline(run, row, '.t')
  drop_deadline(run, row, '.p')
  if stop_reason(run, s) then
    add_to(stop_removes, s.executor, id_of(run, row.index, s.attempt))
  end
end

-- `flag` says which deadline asks for it; 0: the run is to end.
local function request_stop(run, row, flag, text)
  local s = row.section
  s.flags = bit.bor(s.flags, flag, DEADLINE)
  s.text = text
  -- Whoever interrupts it has been told already, and when.
  if not has_flag(s, INTERRUPTED) then
    add_to(stop_adds, s.executor, id_of(run, row.index, s.attempt), texts[stop_reason(run, s)])
  end
  row.reason = REASON.Canceling
  touch_row(run, row)
  emit_job('job.reason', run, row)
end
