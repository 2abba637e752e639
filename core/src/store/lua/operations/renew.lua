-- renew: keeps leases; one that has expired but was not taken is renewed too (see Leases). It also shows that a
-- worker of the executor is there (see Where attempts run).
--
-- args   executor number, ttl in ms, lease …
-- reply  places (from 0) of the leases that are lost; place, code of the reason of each whose attempt is to be stopped

-- A worker that asks for a lease which another one has taken is alive: it did not die of the attempt, but was frozen or
-- could not reach Redis (see Crash loops).
local function absolve(lease)
  local uid, index, attempt, epoch = string.match(lease, '^([^.]+)%.(%d+)%.(%d+)%.(%d+)%.')
  local run = uid and load_run(uid)
  local row = run and load_row(run, tonumber(index))
  local s = row and section_of(row)
  if s and s.attempt == tonumber(attempt) and s.epoch > tonumber(epoch) and s.adoptions > 0 then
    s.adoptions = 0
    touch_row(run, row)
  end
end

operations.renew = function(a)
  local at = ARG.renew
  local executor = texts[a[at.executor]]
  changes.executors_seen[executor] = texts[now]
  local members = { unpack(a, at.ttl + 1) }
  local lost, stops = {}, {}
  if #members == 0 then return { lost, stops } end
  local scores = redis.call('ZMSCORE', P .. 'leases:' .. executor, unpack(members))
  local ids = {}
  for i = 1, #members do
    if scores[i] then
      renew_lease(a[at.executor], members[i], a[at.ttl])
    else
      lost[#lost + 1] = i - 1
      absolve(members[i])
    end
    ids[i] = string.match(members[i], '^[^.]+%.%d+%.%d+')
  end
  if redis.call('EXISTS', P .. 'stops:' .. executor) == 1 then
    local reasons = redis.call('HMGET', P .. 'stops:' .. executor, unpack(ids))
    for i = 1, #members do
      local entry = scores[i] and stop_entry(a[at.executor], ids[i], reasons[i])
      if entry then
        stops[#stops + 1] = i - 1
        stops[#stops + 1] = tonumber(string.match(entry, '^%d+'))
        tell_stop(a[at.executor], ids[i], entry)
      end
    end
  end
  return { lost, stops }
end
