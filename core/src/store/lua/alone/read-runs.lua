-- A script of its own, which only reads: what lists need of many runs, in one command instead of one for each.
--
-- KEYS[1]  prefix of all keys
-- ARGV     uid …
-- reply    state and info of each run in turn; nil for one that is not there
local values = {}
for i = 1, #ARGV do
  local run = redis.call('HMGET', KEYS[1] .. 'run:' .. ARGV[i], 'state', 'info')
  values[i * 2 - 1], values[i * 2] = run[1], run[2]
end
return values
