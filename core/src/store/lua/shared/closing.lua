-- Closes attempts: the log has its end mark, the lease ends, and the remains are due for removal.

-- The name of an ended attempt stays taken for the grace (see Tombstones).
local function add_due(run, row, grace)
  append_to(changes.removals_due, row.section.executor, texts[now + grace], id_of(run, row.index, row.section.attempt))
end

-- The log has its end mark, so the lease ends (life of a run, step 7).
local function close_attempt(run, row, grace)
  local s = row.section
  s.flags = bit.bor(s.flags, FLAG.LOG_ENDED, FLAG.CLOSED)
  s.closed = now
  run.open = math.max(0, run.open - 1)
  touch_row(run, row)
  remove_lease(run, row)
  add_due(run, row, grace)
end

-- Stores an attempt that is followed by another one, with the status and reason with which it ended.
local function archive(run, row, status, reason)
  local now_status, now_reason = row.status, row.reason
  row.status, row.reason = status, reason
  local field = texts[row.index] .. '.' .. texts[row.section.attempt]
  append(changes.fields, { P .. 'attempts:' .. run.uid, field, pack_row(row) })
  row.status, row.reason = now_status, now_reason
end
