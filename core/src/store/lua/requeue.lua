-- requeue: RUNNING → PENDING; the attempt is over, and the next one is ready at once.
--
-- args   uid, index, attempt, epoch, owner, reason code, text, removal grace in ms
-- reply  ok next-attempt | stale | canceled (the run ends: finish instead)
--
-- The row of the ended attempt moves to `attempts:UID`; its remains are due for removal.
operations.requeue = function(a)
  local run = load_run(a[1])
  local row, s = held_row(run, tonumber(a[2]), tonumber(a[3]), tonumber(a[4]), a[5])
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  if run.cancel_requested > 0 or run.timed_out > 0 then return { 'canceled' } end
  s.ended = now
  s.closed = now
  s.flags = bit.bor(s.flags, LOG_ENDED, CLOSED)
  s.text = a[7]
  set_status(run, row, JOB.PENDING, tonumber(a[6]))
  remove_lease(run, row)
  add_due(run, row, tonumber(a[8]))
  archive(run, row)
  new_section(row, s.attempt + 1, s.epoch, now).text = a[7]
  emit_job('job.status', run, row)
  make_ready(run, row, false)
  return { 'ok', s.attempt + 1 }
end
