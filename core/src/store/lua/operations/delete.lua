-- delete: hides a final run whose attempts are all closed (see Deletion).
--
-- args   uid, its indexes (`indexes.lua`)
-- reply  done | more index attempt (for `remove`) | gone | live status-code | open count (attempts that are not closed)
--
-- Its data is removed in pieces, with a mark in `deletions`; the first piece here.
operations.delete = function(a)
  local at = ARG.delete
  local uid, indexes = a[at.uid], a[at.indexes]
  local run = load_run(uid)
  if not run then return { 'gone' } end
  if run.ended == 0 then return { 'live', run.status } end
  if run.open > 0 then return { 'open', run.open } end
  runs[uid] = false
  local reply = {}
  append(changes.removals, function()
    remove_from_indexes(run, indexes)
    if pools.differ(run) then
      pools.each_slice(run, function(_, slice) redis.call('UNLINK', pools.backlog_key(run, slice)) end)
    end
    redis.call('RENAME', run.key, P .. 'deleted:' .. uid)
    redis.call('ZADD', P .. 'deletions', texts[now], uid)
    remove_run(uid, 0, 1, reply)
  end)
  return reply
end
