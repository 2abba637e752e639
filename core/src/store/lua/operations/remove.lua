-- remove: goes on with a run that was deleted.
--
-- args   uid, index of the job and attempt at which to go on: 0, 1 from the beginning
-- reply  done | more index attempt
operations.remove = function(a)
  local uid, index, attempt = a[1], a[2], a[3]
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
