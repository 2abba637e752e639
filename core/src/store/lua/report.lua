-- report: a change of an attempt that is not its end; the phases are filled in as they come.
--
-- args   uid, index, attempt, epoch, owner, reason code, text, ages in ms of: scheduled, pulled, started (or '')
-- reply  ok | stale
reads.report = 1
operations.report = function(a)
  local run = load_run(a[1])
  local row, s = held_row(run, a[2], a[3], a[4], a[5])
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  set_phases(s, a[8], a[9], a[10])
  local reason = a[6]
  if row.reason ~= REASON.Canceling and (row.reason ~= reason or s.text ~= a[7]) then
    row.reason = reason
    s.text = a[7]
    emit_job('job.reason', run, row)
  end
  touch_row(run, row)
  return { 'ok' }
end
