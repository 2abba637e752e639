-- Forgets a pool that nothing uses. In one script: a run that is created meanwhile names its pools anew.
--
-- KEYS[1]  prefix of all keys
-- ARGV     the pool
-- reply    1 if it is forgotten, 0 if an unfinished run has jobs in it or a ready mark stands there
local P, pool = KEYS[1], ARGV[1]
if redis.call('EXISTS', P .. 'live:' .. pool, P .. 'marks:' .. pool) > 0 then return 0 end
redis.call('SREM', P .. 'pools', pool)
redis.call('HDEL', P .. 'bundles', pool)
return 1
