-- interrupt: the worker of an attempt shuts down and is about to stop it (life of a run, step 5).
--
-- args   uid, index, attempt, epoch, owner
-- reply  ok | stale
--
-- It is recorded before the first signal, so that an adopter knows that the attempt did not end by itself and starts it
-- again. An earlier request to stop it stands (see Causes).
reads.interrupt = 1
operations.interrupt = function(a)
  local run, row, s = held(a)
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  if not stop_reason(run, s) then
    s.flags = bit.bor(s.flags, FLAG.INTERRUPTED, FLAG.DEADLINE)
    touch_row(run, row)
    tell_stop(s.executor, id_of(run, row.index, s.attempt), texts[REASON.Interrupted])
  end
  return { 'ok' }
end
