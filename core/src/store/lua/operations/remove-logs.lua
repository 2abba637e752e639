-- remove-logs: the logs of a final run go before the run does; whoever reads one is told since when.
--
-- args   uid, index of the job and attempt at which to go on: 0, 1 from the beginning
-- reply  done | more index attempt | gone | open (it is not final, or an attempt is not closed)
operations['remove-logs'] = function(a)
  local at = ARG['remove-logs']
  local uid, index, attempt = a[at.uid], a[at.index], a[at.attempt]
  local run = load_run(uid)
  if not run then return { 'gone' } end
  if run.ended == 0 or (index == 0 and attempt == 1 and run.open > 0) then return { 'open' } end
  local reply = {}
  append(changes.removals, function()
    if redis.call('EXISTS', run.key) == 0 then return answer(reply) end
    local before = changes.log_bytes
    local archived = redis.call('HEXISTS', run.key, 'archivedFrom') == 1
    local next_index, next_attempt = remove_logs(uid, run.key, index, attempt)
    if archived or changes.log_bytes < before then
      local first = redis.call('HSETNX', run.key, 'logsRemovedAt', texts[now]) == 1
      -- Once: `expire-logs` looks again at the runs that ended last, which must not postpone the removal for ever.
      if archived and first then removal.objects(uid) end
    end
    answer(reply, next_index, next_attempt)
  end)
  return reply
end
