-- Cancels and stops: what is to be stopped stands in `stops:EXECUTOR`, `uid.index.attempt` → code of the reason, until it
-- has ended: whoever renews the lease or adopts the attempt is told. `CODE.TIME` says when a worker was told first: the
-- grace of the stop counts from then, whoever adopts the attempt later.

-- The request that the attempt's end will show whatever its exit code (see Causes), or nil.
local function stop_reason(run, s)
  if has_flag(s, FLAG.TIMED_OUT) then return REASON.TimedOut end
  if has_flag(s, FLAG.PENDING_TIMED_OUT) then return REASON.PendingTimedOut end
  if has_flag(s, FLAG.CRASHED) then return REASON.WorkerCrashed end
  if run.cancel_requested > 0 then return REASON.CanceledByUser end
  if run.timed_out > 0 then return REASON.RunTimedOut end
  if has_flag(s, FLAG.INTERRUPTED) then return REASON.Interrupted end
  return nil
end

local function set_stop(executor, id, entry)
  local entries = changes.stops[executor] or {}
  changes.stops[executor] = entries
  entries[id] = entry
end

-- What stands in `stops`, with what this call has changed of it, or false. `stored`: what Redis has, if that is known.
local function stop_entry(executor, id, stored)
  local entries = changes.stops[executor]
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

-- The attempt is over: removes its deadlines and its request to stop.
local function clear_deadlines(run, row)
  local s = row.section
  if not has_flag(s, FLAG.DEADLINE) then return end
  drop_deadline(run, row, '.t')
  drop_deadline(run, row, '.p')
  if stop_reason(run, s) then
    append_to(changes.stops_removed, s.executor, id_of(run, row.index, s.attempt))
  end
end

-- `flag` says which deadline asks for it; 0: the run is to end.
local function request_stop(run, row, flag, text)
  local s = row.section
  s.flags = bit.bor(s.flags, flag, FLAG.DEADLINE)
  s.text = text
  local id, told_at = id_of(run, row.index, s.attempt), nil
  -- The worker that interrupts it is stopping it already: the grace counts from then.
  if has_flag(s, FLAG.INTERRUPTED) then told_at = string.match(stop_entry(s.executor, id) or '', '%.%d+$') end
  set_stop(s.executor, id, texts[stop_reason(run, s)] .. (told_at or ''))
  changes.stops_announced[s.executor] = true
  row.reason = REASON.Canceling
  touch_row(run, row)
  emit_job('job.reason', run, row)
end
