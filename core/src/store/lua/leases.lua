-- Leases, marks, due removals and phases: what several transitions change, gathered for the end.
local lease_adds, lease_removes, mark_removes, dues, archived = {}, {}, {}, {}, {}
local pending_keys = {}

local function lease_of(run, row)
  local s = row.section
  return id_of(run, row.index, s.attempt) .. '.' .. s.epoch .. '.' .. s.owner
end

local function add_lease(run, row, ttl)
  lease_adds[lease_of(run, row)] = now + ttl
end

local function remove_lease(run, row)
  local lease = lease_of(run, row)
  lease_adds[lease] = nil
  lease_removes[#lease_removes + 1] = lease
end

local function clear_mark(run, row)
  mark_removes[#mark_removes + 1] = { run.kind, id_of(run, row.index, row.section.attempt) }
end

-- The name of an ended attempt stays taken for the grace (rule R1).
local function add_due(run, row, grace)
  dues[#dues + 1] = { row.section.executor, now + grace, id_of(run, row.index, row.section.attempt) }
end

local function archive(run, row)
  archived[#archived + 1] = { P .. 'attempts:' .. run.uid, row.index .. '.' .. row.section.attempt, pack_row(row) }
end

-- Ages count from now backwards, so that clocks of hosts need not agree; a phase is set once.
local function set_phases(s, scheduled, pulled, started)
  if scheduled ~= '' and s.scheduled == 0 then s.scheduled = now - tonumber(scheduled) end
  if pulled ~= '' and s.pulled == 0 then s.pulled = now - tonumber(pulled) end
  if started ~= '' and s.started == 0 then s.started = now - tonumber(started) end
end
