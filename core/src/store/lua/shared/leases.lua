-- Leases, marks, due removals and phases: what several transitions change, gathered for the end.
-- Members of sorted sets are gathered as ZADD and ZREM take them; those of one call that are added
-- and removed are removed; of marks it is the other way round, since they are added last.
local lease_adds, lease_removes, marks, mark_removes, dues, archived = {}, {}, {}, {}, {}, {}
local pending_keys, seen = {}, {}
-- What removes runs and logs, at the end of the call (`removals.lua`).
local removals = {}

local function add_to(lists, key, first, second)
  local list = lists[key]
  if not list then
    list = {}
    lists[key] = list
  end
  local count = #list
  list[count + 1] = first
  list[count + 2] = second
end

local function lease_of(run, row)
  local s = row.section
  return run.uid .. '.' .. texts[row.index] .. '.' .. texts[s.attempt] .. '.' .. texts[s.epoch] .. '.' .. s.owner
end

local function renew_lease(executor, lease, ttl)
  add_to(lease_adds, executor, texts[now + ttl], lease)
end

local function add_lease(run, row, ttl)
  renew_lease(row.section.executor, lease_of(run, row), ttl)
end

local function remove_lease(run, row)
  add_to(lease_removes, row.section.executor, lease_of(run, row))
end

-- A job that no message was made for has no mark.
local function clear_mark(run, row)
  if row.section.message == 0 then return end
  add_to(mark_removes, run.kind, id_of(run, row.index, row.section.attempt))
end

-- The name of an ended attempt stays taken for the grace (see Tombstones).
local function add_due(run, row, grace)
  add_to(dues, row.section.executor, texts[now + grace], id_of(run, row.index, row.section.attempt))
end

-- The log has its end mark and its attempt is over: the lease ends (life of a run, step 7).
local function close_attempt(run, row, grace)
  local s = row.section
  s.flags = bit.bor(s.flags, LOG_ENDED, CLOSED)
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
  archived[#archived + 1] = { P .. 'attempts:' .. run.uid, field, pack_row(row) }
  row.status, row.reason = now_status, now_reason
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
