-- Deadlines and retries: all deadlines and backoffs stand in one sorted set, `uid.index.attempt.KIND` by the time
-- at which they are due. KIND is `t` (the job's timeout), `p` (its pendingTimeout), `b` (the end of a
-- backoff) or `r` (the run's timeout, `uid.0.0.r`). A deadline of an attempt that is over does nothing.
local function set_deadline(run, row, kind, at)
  local s = row.section
  s.flags = bit.bor(s.flags, FLAG.DEADLINE)
  append(changes.deadlines_added, texts[at], id_of(run, row.index, s.attempt) .. kind)
end

local function drop_deadline(run, row, kind)
  append(changes.deadlines_removed, id_of(run, row.index, row.section.attempt) .. kind)
end

local function run_deadline(run)
  return run.uid .. '.0.0.r'
end
