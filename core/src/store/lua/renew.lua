-- renew: keeps leases; one that has expired but was not taken is renewed too (rule R8). It also shows that a
-- worker of the executor is there (rule R2).
--
-- args   executor number, ttl in ms, lease …
-- reply  places (from 0) of the leases that are lost; place, code of the reason of each whose attempt is to be stopped
operations.renew = function(a)
  local executor = texts[a[1]]
  seen[executor] = texts[now]
  local members = { unpack(a, 3) }
  local lost, stops = {}, {}
  if #members == 0 then return { lost, stops } end
  local scores = redis.call('ZMSCORE', P .. 'leases:' .. executor, unpack(members))
  local ids = {}
  for i = 1, #members do
    if scores[i] then renew_lease(a[1], members[i], a[2]) else lost[#lost + 1] = i - 1 end
    ids[i] = string.match(members[i], '^[^.]+%.%d+%.%d+')
  end
  if redis.call('EXISTS', P .. 'stops:' .. executor) == 1 then
    local reasons = redis.call('HMGET', P .. 'stops:' .. executor, unpack(ids))
    for i = 1, #members do
      if scores[i] and reasons[i] then
        stops[#stops + 1] = i - 1
        stops[#stops + 1] = tonumber(reasons[i])
      end
    end
  end
  return { lost, stops }
end
