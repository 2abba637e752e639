-- remove: goes on with a run that was deleted.
--
-- args   uid, index of the job and attempt at which to go on: 0, 1 from the beginning
-- reply  done | more index attempt
operations.remove = function(a)
  local at = ARG.remove
  local uid, index, attempt = a[at.uid], a[at.index], a[at.attempt]
  local reply = {}
  append(changes.removals, function()
    if redis.call('ZSCORE', P .. 'deletions', uid) then
      remove_run(uid, index, attempt, reply)
    else
      answer(reply)
    end
  end)
  return reply
end
