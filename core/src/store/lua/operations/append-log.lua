-- append-log: stores bytes at the end of an attempt's log, the frames that say where they come from
-- (`log-format.ts`), and the executor's position after them (see Resent calls).
--
-- args   uid, index, attempt, epoch, owner, expected length, bytes, frames, position, 1 when the log ends
-- reply  ok length | stale | length actual-length position | full length position
--
-- Length, position and bytes go together, so that whoever adopts reads on exactly where the last
-- stored byte was read. A log without a byte has no keys: its end mark is in the row. The first few frames stand in
-- the hash, so that a short log needs no key for them.
--
-- Full store: all logs together have a quota. What leaves the position where it is comes from chainr itself, such as
-- the mark of a cut, and always fits.
local logs, ended_logs = {}, {}
-- How many more bytes are stored after this call than before, and how many more may be.
local log_bytes, log_room = 0, nil

local function has_room(count)
  if not log_room then
    local stored, quota = unpack(redis.call('HMGET', P .. 'counters', 'logBytes', 'logQuota'))
    log_room = quota and tonumber(quota) - tonumber(stored or 0) or math.huge
  end
  return log_bytes + count <= log_room
end

local function log_key(uid, index, attempt)
  return P .. 'log:' .. uid .. ':' .. texts[index] .. '.' .. texts[attempt]
end

local function load_log(key)
  local log = logs[key]
  if log then return log end
  local meta = redis.call('HMGET', key, 'length', 'position', 'frames', 'first')
  log = { key = key, length = tonumber(meta[1] or 0), position = meta[2] or '', bytes = {}, frames = {},
    framed = tonumber(meta[3] or 0), first = meta[4] or '' }
  logs[key] = log
  return log
end

-- Whether as much of an attempt's log is stored as its worker says; '' says nothing.
local function is_stored(run, row, length)
  return length == '' or load_log(log_key(run.uid, row.index, row.section.attempt)).length == length
end

-- The attempt is closed by this call: who follows its log is told that it has ended.
local function end_log(run, row)
  ended_logs[#ended_logs + 1] = log_key(run.uid, row.index, row.section.attempt)
end

reads['append-log'] = 1
operations['append-log'] = function(a)
  local run = load_run(a[1])
  local row, s = held_row(run, a[2], a[3], a[4], a[5])
  if not row or s.flags % 2 == 1 then return { 'stale' } end
  local log = load_log(log_key(a[1], a[2], a[3]))
  if log.length ~= a[6] then return { 'length', log.length, log.position } end
  local moved = a[9] ~= log.position
  if a[7] ~= '' and moved and not has_room(#a[7] + #a[8]) then return { 'full', log.length, log.position } end
  if s.adoptions > 0 and (a[7] ~= '' or moved) then
    s.adoptions = 0 -- Progress (see Crash loops).
    touch_row(run, row)
  end
  if a[10] == 1 then
    s.flags = s.flags + LOG_ENDED
    touch_row(run, row)
    log.ended = true
  end
  if a[7] ~= '' then
    log.bytes[#log.bytes + 1] = a[7]
    log.frames[#log.frames + 1] = a[8]
    log.length = log.length + #a[7]
    log_bytes = log_bytes + #a[7] + #a[8]
    log.grown = true
  end
  if a[7] ~= '' or moved then
    log.position = a[9]
    log.changed = true
  end
  return { 'ok', log.length }
end

-- Puts bytes behind the first `at` bytes of what is stored in parts.
local function append_parts(key, at, bytes)
  local from = 1
  while from <= #bytes do
    local room = LOG_PART_BYTES - at % LOG_PART_BYTES
    local piece = string.sub(bytes, from, from + room - 1)
    redis.call('APPEND', key .. math.floor(at / LOG_PART_BYTES), piece)
    from = from + #piece
    at = at + #piece
  end
end

local function write_log(log)
  if log.grown then
    local bytes, frames = table.concat(log.bytes), table.concat(log.frames)
    append_parts(log.key .. ':', log.length - #bytes, bytes)
    if log.framed == 0 and #log.first + #frames <= FIRST_FRAMES_BYTES then
      redis.call('HSET', log.key, 'length', log.length, 'position', log.position, 'first', log.first .. frames)
    else
      if log.first ~= '' then
        redis.call('HDEL', log.key, 'first')
        frames = log.first .. frames
      end
      append_parts(log.key .. ':f', log.framed, frames)
      redis.call('HSET', log.key, 'length', log.length, 'position', log.position, 'frames', log.framed + #frames)
    end
  elseif log.changed then
    redis.call('HSET', log.key, 'length', log.length, 'position', log.position)
  end
  if log.grown or log.ended then redis.call('PUBLISH', log.key, log.ended and 'end' or log.length) end
end
