-- requeue: RUNNING → PENDING; the attempt is over, and the next one is ready at once.
--
-- args   uid, index, attempt, epoch, owner, reason code, text, removal grace in ms, length of the log or '' if
--        nothing was stored
-- reply  ok next-attempt | stale | final (the run or a deadline ended it: finish instead)
--        | log-lost (less of its log is stored than that: store it again first)
--
-- The log ends in this call, so that no attempt that runs has a log that has ended. The row of the ended attempt
-- moves to `attempts:UID`; its remains are due for removal.
reads.requeue = 1
operations.requeue = function(a)
  local at = ARG.requeue
  local run, row, s = held(a)
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  local stop = stop_reason(run, s)
  if stop and stop ~= REASON.Interrupted then return { 'final' } end
  if not is_stored(run, row, a[at.log_length]) then return { 'log-lost' } end
  s.ended = now
  s.text = a[at.text]
  set_status(run, row, JOB.PENDING, a[at.reason])
  clear_deadlines(run, row)
  free_slot(run, row)
  end_log(run, row)
  close_attempt(run, row, a[at.removal_grace])
  archive.keep(run, row, JOB.PENDING, a[at.reason])
  new_section(row, s.attempt + 1, s.epoch, now, s.losses, s.failures).text = a[at.text]
  emit_job('job.status', run, row)
  make_ready(run, row, false)
  if row.reason ~= a[at.reason] then -- Others were before it: it waits for a slot, and that is told.
    row.section.text = ''
    row.announce = true
  end
  return { 'ok', s.attempt + 1 }
end
