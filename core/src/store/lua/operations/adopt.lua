-- adopt: a lease changes hands while the attempt goes on; the epoch rises.
--
-- args   lease as it is now (uid, index, attempt, epoch, owner), new owner, executor number, ttl in ms,
--        1 when the old owner is known to be gone
-- reply  as of a claim, then ended(0|1) log-ended(0|1) log-length position
--        code of the reason for which it is to be stopped, or '', begun(0|1), how many ms ago a worker was told
--        first to stop it, how many steps may have been started | held (not expired, or a suspect whose delay is not over) | stale
--
-- Crash loops: an owner that died before it had renewed its leases for a third of their time may have died of the attempt;
-- one that lived on did not, nor did one that let go of it in order. After LIMIT.deaths such deaths in a row, without any
-- progress between, the next adoption asks for its stop: its owner stops it before it reads anything of it, and then
-- reports its end. Of an attempt that has ended the code says that its log is to be read no more.
local function deaths_in_a_row(s, expiry, ttl)
  if expiry == 0 then return s.adoptions end
  local lived = expiry - ttl - math.max(s.claimed, s.adopted)
  return lived * 3 >= ttl and 0 or math.min(s.adoptions + 1, 255)
end

-- Before it is adopted for the third time in a row, and so on, it is left alone for half the time of a lease, then for
-- twice as long each time.
local function suspect_delay(deaths, ttl)
  return deaths < 2 and 0 or math.min(2 ^ (deaths - 3), LIMIT.suspect_ttls) * ttl
end

reads.adopt = 3
operations.adopt = function(a)
  local at = ARG.adopt
  local run, row, s = held(a)
  if not row or s.executor ~= a[at.new_executor] then return { 'stale' } end
  local expiry = redis.call('ZSCORE', P .. 'leases:' .. texts[s.executor], lease_of(run, row))
  if not expiry then return { 'stale' } end
  expiry = tonumber(expiry)
  if a[at.owner_gone] ~= 1 and expiry > now then return { 'held' } end
  local is_running = row.status == JOB.RUNNING
  local deaths = deaths_in_a_row(s, expiry, a[at.ttl])
  -- What is to be stopped is stopped at once.
  if expiry > 0 and not (is_running and stop_reason(run, s)) then
    local free = a[at.owner_gone] == 1 and expiry - a[at.ttl] or expiry
    if free + suspect_delay(deaths, a[at.ttl]) > now then return { 'held' } end
  end
  remove_lease(run, row)
  s.epoch = s.epoch + 1
  s.owner = a[at.new_owner]
  s.adopted = now
  s.adoptions = deaths
  touch_row(run, row)
  add_lease(run, row, a[at.ttl])
  local id = id_of(run, row.index, s.attempt)
  if is_running and deaths > LIMIT.deaths and not stop_reason(run, s) then
    request_stop(run, row, FLAG.CRASHED, 'Its workers died soon after they took it, again and again; it is being stopped.')
  end
  local stop = is_running and stop_reason(run, s) or (not is_running and deaths > LIMIT.deaths and REASON.WorkerCrashed) or ''
  local entry = is_running and stop ~= '' and stop_entry(s.executor, id)
  local told_ago = entry and tell_stop(s.executor, id, entry) or 0
  local log = load_log(log_key(a[at.uid], a[at.index], a[at.attempt]))
  local specification, dependents = specification_of(row)
  return { 'ok', row.index, s.attempt, s.epoch, name_of(row), specification, dependents, info_once(run),
    s.claimed - s.queued, now - s.claimed, is_running and 0 or 1, s.flags % 2, log.length, log.position, stop,
    s.started > 0 and 1 or 0, told_ago, s.starts }
end
