-- Leases, marks, due removals and phases: what several transitions change, gathered for the end.
local lease_adds, lease_removes, mark_removes, dues, archived = {}, {}, {}, {}, {}
local pending_keys = {}

local function lease_of(run, row)
  local s = row.section
  return run.uid .. '.' .. texts[row.index] .. '.' .. texts[s.attempt] .. '.' .. texts[s.epoch] .. '.' .. s.owner
end

local function add_lease(run, row, ttl)
  lease_adds[lease_of(run, row)] = now + ttl
end

local function remove_lease(run, row)
  local lease = lease_of(run, row)
  lease_adds[lease] = nil
  lease_removes[#lease_removes + 1] = lease
end

-- A job that no message was made for has no mark.
local function clear_mark(run, row)
  if row.section.message == 0 then return end
  mark_removes[#mark_removes + 1] = { run.kind, id_of(run, row.index, row.section.attempt) }
end

-- The name of an ended attempt stays taken for the grace (rule R1).
local function add_due(run, row, grace)
  dues[#dues + 1] = { row.section.executor, texts[now + grace], id_of(run, row.index, row.section.attempt) }
end

-- The log has its end mark and its attempt is over: the lease ends (life of a run, step 7).
local function close_attempt(run, row, grace)
  local s = row.section
  s.flags = bit.bor(s.flags, LOG_ENDED, CLOSED)
  s.closed = now
  touch_row(run, row)
  remove_lease(run, row)
  add_due(run, row, grace)
end

local function archive(run, row)
  local field = texts[row.index] .. '.' .. texts[row.section.attempt]
  archived[#archived + 1] = { P .. 'attempts:' .. run.uid, field, pack_row(row) }
end

-- Ages count from now backwards, so that clocks of hosts need not agree; a phase is set once.
local function set_phases(s, scheduled, pulled, started)
  if scheduled ~= '' and s.scheduled == 0 then s.scheduled = now - scheduled end
  if pulled ~= '' and s.pulled == 0 then s.pulled = now - pulled end
  if started ~= '' and s.started == 0 then s.started = now - started end
end
