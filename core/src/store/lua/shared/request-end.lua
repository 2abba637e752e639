-- Records a request to end a run in `field`; the first request wins (see Causes).
-- @return whether this call recorded it, and whether work is left for `resume`.
local function request_end(run, field)
  if run.ended > 0 or is_ending(run) then return false, false end
  run[field] = now
  pools.each_slice(run, function(_, slice)
    slice.queued, slice.backlog, slice.backlog_push, slice.backlog_dropped = 0, 0, false, true
  end)
  add_todo(run, { index = OPEN_JOBS })
  return true, resolve(run, {})
end
