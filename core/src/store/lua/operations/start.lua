-- start: the worker of an attempt is about to start a step of it (life of a run, step 5).
--
-- args   uid, index, attempt, epoch, owner, how many of its steps may then have been started
-- reply  ok | stale
--
-- It is recorded before the start is sent, so that nobody starts a step again whose remains are gone (see Started once).
reads.start = 1
operations.start = function(a)
  local run, row, s = held(a)
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  local starts = a[ARG.start.starts]
  if s.starts < starts then
    s.starts = starts
    touch_row(run, row)
  end
  return { 'ok' }
end
