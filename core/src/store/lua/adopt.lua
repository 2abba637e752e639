-- adopt: a lease changes hands while the attempt goes on; the epoch rises.
--
-- args   lease as it is now (uid, index, attempt, epoch, owner), new owner, executor number, ttl in ms,
--        1 when the old owner is known to be gone
-- reply  ok index attempt epoch name specification dependents info ended(0|1) log-ended(0|1) log-length position
--        code of the reason for which it is to be stopped, or '', begun(0|1)
--        | held (not expired) | stale
--
-- Rule R9: what was adopted ADOPTIONS_MAX times within ADOPTIONS_MS without any progress, after deaths of its
-- workers, ends right here, FAILED: what kills workers must not need one to end. Its new owner stops what still
-- runs of it. A lease that was let go of in order (`release`) does not count.
reads.adopt = 3
operations.adopt = function(a)
  local run = load_run(a[1])
  local row, s = held_row(run, a[2], a[3], a[4], a[5])
  if not row or s.executor ~= a[7] then return { 'stale' } end
  local expiry = redis.call('ZSCORE', P .. 'leases:' .. texts[s.executor], lease_of(run, row))
  if not expiry then return { 'stale' } end
  expiry = tonumber(expiry)
  if a[9] ~= 1 and expiry > now then return { 'held' } end
  remove_lease(run, row)
  s.epoch = s.epoch + 1
  s.owner = a[6]
  touch_row(run, row)
  add_lease(run, row, a[8])
  if expiry > 0 then
    if s.adoptions == 0 or now - s.adopted > ADOPTIONS_MS then
      s.adoptions = 0
      s.adopted = now
    end
    s.adoptions = math.min(s.adoptions + 1, 255)
    if row.status == JOB.RUNNING and s.adoptions > ADOPTIONS_MAX then
      s.flags = bit.bor(s.flags, CRASHED)
      end_attempt(run, row, REASON.WorkerCrashed, NO_EXIT, '', '', {})
    end
  end
  local log = load_log(log_key(a[1], a[2], a[3]))
  local specification, dependents = specification_of(row)
  return { 'ok', row.index, s.attempt, s.epoch, name_of(row), specification, dependents, info_once(run),
    row.status == JOB.RUNNING and 0 or 1, s.flags % 2, log.length, log.position, (row.status == JOB.RUNNING or has_flag(s, CRASHED)) and stop_reason(run, s) or '',
    s.started > 0 and 1 or 0 }
end
