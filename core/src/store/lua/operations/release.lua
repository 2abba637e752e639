-- release: a worker that shuts down lets go of leases whose attempts go on; they can be adopted at once.
--
-- args   executor number, lease …
-- reply  how many were still its own
operations.release = function(a)
  local at = ARG.release
  local members = { unpack(a, at.executor + 1) }
  if #members == 0 then return { 0 } end
  local scores = redis.call('ZMSCORE', P .. 'leases:' .. texts[a[at.executor]], unpack(members))
  local count = 0
  for i = 1, #members do
    if scores[i] then
      append_to(changes.leases_added, a[at.executor], '0', members[i])
      count = count + 1
    end
  end
  return { count }
end
