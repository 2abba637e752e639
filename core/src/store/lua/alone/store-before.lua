-- Stores a part of a run that is not visible yet, under a key that expires by itself. Both in one call: a process that
-- dies in between would leave a key that never goes.
--
-- KEYS[1]  the key
-- ARGV     the command that writes, seconds until the key expires, then what the command takes
redis.call(ARGV[1], KEYS[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[2])
