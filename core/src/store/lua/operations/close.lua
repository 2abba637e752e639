-- close: the log's end mark is stored, so the attempt is over and its lease with it (step 7).
--
-- args   uid, index, attempt, epoch, owner, removal grace in ms
-- reply  ok | stale | open (not ended, or its log has no end mark)
reads.close = 1
operations.close = function(a)
  local at = ARG.close
  local run, row, s = held(a)
  if not row then return { 'stale' } end
  if row.status == JOB.RUNNING or s.flags % 2 == 0 then return { 'open' } end
  if not has_flag(s, FLAG.CLOSED) then close_attempt(run, row, a[at.removal_grace]) end
  return { 'ok' }
end
