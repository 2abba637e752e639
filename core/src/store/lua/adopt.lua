-- adopt: a lease changes hands while the attempt goes on; the epoch rises.
--
-- args   lease as it is now (uid, index, attempt, epoch, owner), new owner, executor number, ttl in ms,
--        1 when the old owner is known to be gone
-- reply  ok index attempt epoch name specification dependents info ended(0|1) log-ended(0|1) log-length position
--        | held (not expired) | stale
reads.adopt = 3
operations.adopt = function(a)
  local run = load_run(a[1])
  local row, s = held_row(run, a[2], a[3], a[4], a[5])
  if not row or s.executor ~= a[7] then return { 'stale' } end
  local expiry = redis.call('ZSCORE', P .. 'leases', lease_of(run, row))
  if not expiry then return { 'stale' } end
  if a[9] ~= 1 and tonumber(expiry) > now then return { 'held' } end
  remove_lease(run, row)
  s.epoch = s.epoch + 1
  s.owner = a[6]
  touch_row(run, row)
  add_lease(run, row, a[8])
  local log = load_log(log_key(a[1], a[2], a[3]))
  local specification, dependents = specification_of(row)
  return { 'ok', row.index, s.attempt, s.epoch, name_of(row), specification, dependents, info_once(run),
    row.status == JOB.RUNNING and 0 or 1, s.flags % 2, log.length, log.position }
end
