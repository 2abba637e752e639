-- renew: keeps leases; one that has expired but was not taken is renewed too (rule R8).
--
-- args   ttl in ms, lease …
-- reply  places (from 0) of the leases that are lost
operations.renew = function(a)
  local members = { unpack(a, 2) }
  if #members == 0 then return {} end
  local scores = redis.call('ZMSCORE', P .. 'leases', unpack(members))
  local lost = {}
  for i = 1, #members do
    if scores[i] then renew_lease(members[i], a[1]) else lost[#lost + 1] = i - 1 end
  end
  return lost
end
