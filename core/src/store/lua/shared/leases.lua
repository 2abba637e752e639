-- Leases, marks, due removals and phases, as several operations change them.
local function lease_of(run, row)
  local s = row.section
  return run.uid .. '.' .. texts[row.index] .. '.' .. texts[s.attempt] .. '.' .. texts[s.epoch] .. '.' .. s.owner
end

local function renew_lease(executor, lease, ttl)
  append_to(changes.leases_added, executor, texts[now + ttl], lease)
end

local function add_lease(run, row, ttl)
  renew_lease(row.section.executor, lease_of(run, row), ttl)
end

local function remove_lease(run, row)
  append_to(changes.leases_removed, row.section.executor, lease_of(run, row))
end

-- A job without a message has no mark.
local function clear_mark(run, row)
  if row.section.message == 0 then return end
  append_to(changes.marks_removed, pools.of(run, row), id_of(run, row.index, row.section.attempt))
end

local function has_flag(s, flag)
  return bit.band(s.flags, flag) > 0
end

-- Ages count from now backwards, so that clocks of hosts need not agree; a phase is set once. None comes before the claim,
-- whatever the age: the clock of a worker that jumps, or of a daemon that is behind, must not bring a timeout forward.
local function set_phases(s, scheduled, pulled, started)
  if scheduled ~= '' and s.scheduled == 0 then s.scheduled = math.max(s.claimed, now - scheduled) end
  if pulled ~= '' and s.pulled == 0 then s.pulled = math.max(s.claimed, now - pulled) end
  if started ~= '' and s.started == 0 then s.started = math.max(s.claimed, now - started) end
end
