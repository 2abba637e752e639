-- Reads the time, and takes a jump of the clock of Redis out of it first (see Clock).
--
-- KEYS[1]  prefix of all keys
-- ARGV     to take a jump out: the correction that was seen, the new one, and the latest time that it can be without the jump
-- reply    the time with its correction, without the offset of tests; that offset; the correction; 1 where it is the new one
local P = KEYS[1]
local corrected = 0
if ARGV[1] then
  -- Another one may have corrected it. And where a sweep of another process has come by later than the caller takes it to be, it
  -- was the caller for whom time stood still.
  local kept = redis.call('MGET', P .. 'clockCorrection', P .. 'clockSeen')
  if (kept[1] or '0:0') == ARGV[1] and tonumber(kept[2] or 0) <= tonumber(ARGV[3]) then
    redis.call('DEL', P .. 'clockCorrection') -- Needs no memory, and after it Redis refuses nothing (see Full store).
    redis.call('SET', P .. 'clockCorrection', ARGV[2])
    corrected = 1
  end
end
local kept = redis.call('MGET', P .. 'clock', P .. 'clockCorrection')
local time = redis.call('TIME')
local correction = kept[2] or '0:0'
local told = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(string.match(correction, '[^:]*$'))
return { told, kept[1] or '0', correction, corrected }
