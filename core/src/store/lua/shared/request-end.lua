-- Records a request to end a run in `field`; the first request wins (see Causes).
-- @return whether this call recorded it, and whether work is left for `resume`.
local function request_end(run, field)
  if run.ended > 0 or is_ending(run) then return false, false end
  run[field] = now
  run.queued, run.backlog, run.backlog_push, run.backlog_dropped = 0, 0, false, true
  add_todo(run, { index = OPEN_JOBS })
  return true, resolve(run, {})
end
