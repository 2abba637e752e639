-- The end of an attempt in the eyes of Redis: its log has its end mark, its lease ends, and its remains are due for removal.

-- The name of an ended attempt stays taken for the grace (see Tombstones).
local function add_due(run, row, grace)
  append_to(changes.removals_due, row.section.executor, texts[now + grace], id_of(run, row.index, row.section.attempt))
end

-- The log has its end mark and its attempt is over: the lease ends (life of a run, step 7).
local function close_attempt(run, row, grace)
  local s = row.section
  s.flags = bit.bor(s.flags, FLAG.LOG_ENDED, FLAG.CLOSED)
  s.closed = now
  run.open = math.max(0, run.open - 1)
  touch_row(run, row)
  remove_lease(run, row)
  add_due(run, row, grace)
end

-- Keeps an attempt that another one follows, as one that ended so.
local function archive(run, row, status, reason)
  local now_status, now_reason = row.status, row.reason
  row.status, row.reason = status, reason
  local field = texts[row.index] .. '.' .. texts[row.section.attempt]
  append(changes.fields, { P .. 'attempts:' .. run.uid, field, pack_row(row) })
  row.status, row.reason = now_status, now_reason
end
