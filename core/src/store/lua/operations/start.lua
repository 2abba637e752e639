-- start: the worker of an attempt is about to start a service or step of it (life of a run, step 5).
--
-- args   uid, index, attempt, epoch, owner, how many of its containers, services first, may then have been started
-- reply  ok | stale
--
-- It is recorded before the start is sent, so that nobody starts again what has no remains any more (see Started once).
-- 0: the executor has refused the start for certain, so nothing was started after all.
reads.start = 1
operations.start = function(a)
  local run, row, s = held(a)
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  local starts = a[ARG.start.starts]
  if s.starts < starts or (starts == 0 and s.starts > 0) then
    s.starts = starts
    touch_row(run, row)
  end
  return { 'ok' }
end
