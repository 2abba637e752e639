-- begin-archive: objects with logs of a final run may be in the archive from now on; before the first is put there.
--
-- args   uid
-- reply  done | gone (or its logs are removed) | open (it is not final, or an attempt is not closed)
operations['begin-archive'] = function(a)
  local run = load_run(a[ARG['begin-archive'].uid])
  if not run or redis.call('HEXISTS', run.key, 'logsRemovedAt') == 1 then return { 'gone' } end
  if run.ended == 0 or run.open > 0 then return { 'open' } end
  append(changes.fields, { run.key, 'archivedFrom', texts[now] })
  return { 'done' }
end
