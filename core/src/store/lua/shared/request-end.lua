-- Cancels and stops; Causes: the first request to end a run stands; `field` is what it is recorded in.
-- @return whether it is recorded now, and whether some of what follows is left for `resume`.
local function request_end(run, field)
  if run.ended > 0 or is_ending(run) then return false, false end
  run[field] = now
  run.queued, run.backlog, run.backlog_push, run.backlog_dropped = 0, 0, false, true
  add_todo(run, { index = OPEN_JOBS })
  return true, resolve(run, {})
end
