-- Deadlines and retries: all deadlines and backoffs stand in one sorted set, `uid.index.attempt.KIND` by the time
-- at which they are due. KIND is `t` (the job's timeout), `p` (its pendingTimeout), `b` (the end of a
-- backoff) or `r` (the run's timeout, `uid.0.0.r`). One that comes too late, or for an attempt that is
-- over, does nothing.
--
-- What is to be stopped then stands in `stops:EXECUTOR`, `uid.index.attempt` → code of the reason,
-- until it has ended: whoever renews the lease or adopts the attempt is told. `CODE.TIME` says when a worker was told
-- first: the grace of the stop counts from then, whoever adopts the attempt later.
local deadline_adds, deadline_removes = {}, {}
-- `stop_entries`: what is to stand in `stops`, by executor and id; `stops_asked`: the executors whose workers are to look.
local stop_entries, stops_asked, stop_removes = {}, {}, {}
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

-- The request that the attempt's end will show whatever its exit code (see Causes), or nil.
local function stop_reason(run, s)
  if has_flag(s, TIMED_OUT) then return REASON.TimedOut end
  if has_flag(s, PENDING_TIMED_OUT) then return REASON.PendingTimedOut end
  if has_flag(s, CRASHED) then return REASON.WorkerCrashed end
  if run.cancel_requested > 0 then return REASON.CanceledByUser end
  if run.timed_out > 0 then return REASON.RunTimedOut end
  if has_flag(s, INTERRUPTED) then return REASON.Interrupted end
  return nil
end

local function set_stop(executor, id, entry)
  local entries = stop_entries[executor] or {}
  stop_entries[executor] = entries
  entries[id] = entry
end

-- What stands in `stops`, with what this call has changed of it, or false. `stored`: what Redis has, if that is known.
local function stop_entry(executor, id, stored)
  local entries = stop_entries[executor]
  if entries and entries[id] then return entries[id] end
  if stored ~= nil then return stored end
  return redis.call('HGET', P .. 'stops:' .. texts[executor], id)
end

-- A worker is told to stop an attempt, of which `entry` stands in `stops`. @return how many ms ago one was told first.
local function tell_stop(executor, id, entry)
  local at = string.match(entry, '%.(%d+)$')
  if at then return math.max(0, now - tonumber(at)) end
  set_stop(executor, id, entry .. '.' .. texts[now])
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
  local id, told = id_of(run, row.index, s.attempt), nil
  -- Whoever interrupts it has been told to stop it already: the grace counts from then.
  if has_flag(s, INTERRUPTED) then told = string.match(stop_entry(s.executor, id) or '', '%.%d+$') end
  set_stop(s.executor, id, texts[stop_reason(run, s)] .. (told or ''))
  stops_asked[s.executor] = true
  row.reason = REASON.Canceling
  touch_row(run, row)
  emit_job('job.reason', run, row)
end
