-- report: a change of an attempt that is not its end; the phases are filled in as they come.
--
-- args   uid, index, attempt, epoch, owner, reason code, text, ages in ms of: scheduled, pulled, started (or ''),
--        the job's timeout, which counts from the start, and its pendingTimeout, which counts from the claim, in ms (or '')
-- reply  ok | stale
reads.report = 1
operations.report = function(a)
  local run = load_run(a[1])
  local row, s = held_row(run, a[2], a[3], a[4], a[5])
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  local started_before = s.started
  set_phases(s, a[8], a[9], a[10])
  if s.started == 0 then
    if a[12] ~= '' then set_deadline(run, row, '.p', s.claimed + a[12]) end
  else
    if has_flag(s, DEADLINE) then drop_deadline(run, row, '.p') end
    if a[11] ~= '' then set_deadline(run, row, '.t', s.started + a[11]) end
  end
  local reason = a[6]
  local changed = row.reason ~= REASON.Canceling and (row.reason ~= reason or s.text ~= a[7])
  -- Who adopts what has begun says so until the executor answers: that is no change, least of all progress.
  if reason == REASON.Starting and started_before > 0 then changed = false end
  if changed or s.started ~= started_before then s.adoptions = 0 end -- Progress (rule R9).
  if changed then
    row.reason = reason
    s.text = a[7]
    emit_job('job.reason', run, row)
  end
  touch_row(run, row)
  return { 'ok' }
end
