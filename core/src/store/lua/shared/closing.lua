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

-- What is kept of attempts in `attempts:UID`.
local archive = { field_of = function(row) return texts[row.index] .. '.' .. texts[row.section.attempt] end }

-- Keeps what its executor saw of an attempt. @param json may be empty
function archive.keep_runtime(run, row, json)
  if json == '' then return end
  append(changes.fields, { P .. 'attempts:' .. run.uid, 'd' .. archive.field_of(row), json })
end

-- Stores an attempt that is followed by another one, with the status and reason with which it ended.
function archive.keep(run, row, status, reason)
  local now_status, now_reason = row.status, row.reason
  row.status, row.reason = status, reason
  append(changes.fields, { P .. 'attempts:' .. run.uid, archive.field_of(row), pack_row(row) })
  row.status, row.reason = now_status, now_reason
end
