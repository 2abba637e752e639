-- archive-log: an object in the archive has the log of an attempt. From now on it is read there, and Redis frees its parts.
--
-- args   uid, index, attempt
-- reply  done | more | gone (the log was removed meanwhile, so its object is to be removed too)
operations['archive-log'] = function(a)
  local at = ARG['archive-log']
  local uid, key = a[at.uid], log_key(a[at.uid], a[at.index], a[at.attempt])
  local reply = {}
  append(changes.removals, function()
    local run = redis.call('HMGET', P .. 'run:' .. uid, 'state', 'logsRemovedAt')
    local log = redis.call('HMGET', key, 'length', 'frames', 'archived')
    if not run[1] or run[2] or not log[1] then
      removal.objects(uid)
      reply[1] = 'gone'
      return
    end
    if not log[3] then
      redis.call('HSET', key, 'archived', texts[now], 'keptBytes', log[1], 'keptFrames', log[2] or '0')
      redis.call('HDEL', key, 'position')
    end
    reply[1] = removal.free_log(key) and 'done' or 'more'
  end)
  return reply
end
