-- retry: RUNNING → PENDING; infrastructure took the attempt, and the next one starts after a backoff.
--
-- args   uid, index, attempt, epoch, owner, reason code, exit code or '', text, steps JSON or '',
--        ages in ms of: scheduled, pulled, started (or ''), removal grace in ms
-- reply  ok next-attempt | stale | final (no retry is left, or the run or a deadline ended it: finish instead)
--
-- The log has its end mark by then. The row of the ended attempt moves to `attempts:UID`.
reads.retry = 1
operations.retry = function(a)
  local run = load_run(a[1])
  local row, s = held_row(run, a[2], a[3], a[4], a[5])
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  local backoff = LOSS_BACKOFF_MS[s.losses + 1]
  if not backoff or not INFRASTRUCTURE[a[6]] or stop_reason(s) then return { 'final' } end
  if run.cancel_requested > 0 or run.timed_out > 0 then return { 'final' } end
  s.exit = a[7] == '' and NO_EXIT or a[7]
  s.text = a[8]
  s.steps = a[9]
  set_phases(s, a[10], a[11], a[12])
  s.ended = now
  set_status(run, row, JOB.PENDING, REASON.RetryBackoff)
  clear_deadlines(run, row)
  close_attempt(run, row, a[13])
  archive(run, row, JOB.FAILED, a[6])
  local text = 'Attempt ' .. texts[s.attempt] .. ' was lost (' .. REASON_NAME[a[6]] .. '); the next one starts in '
    .. texts[backoff / 1000] .. ' s, loss ' .. texts[s.losses + 1] .. ' of ' .. texts[#LOSS_BACKOFF_MS] .. ' that are made good.'
  new_section(row, s.attempt + 1, s.epoch, now, s.losses + 1).text = text
  set_deadline(run, row, '.b', now + backoff)
  emit_job('job.status', run, row)
  return { 'ok', s.attempt + 1 }
end
