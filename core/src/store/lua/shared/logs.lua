-- Logs as tables: what is stored, read once per call, and what this call appends (`append-log.lua`).
local function has_room(count)
  if not known.log_room then
    local stored, quota = unpack(redis.call('HMGET', P .. 'counters', 'logBytes', 'logQuota'))
    known.log_room = quota and tonumber(quota) - tonumber(stored or 0) or math.huge
  end
  return changes.log_bytes + count <= known.log_room
end

local function log_key(uid, index, attempt)
  return P .. 'log:' .. uid .. ':' .. texts[index] .. '.' .. texts[attempt]
end

local function load_log(key)
  local log = changes.logs[key]
  if log then return log end
  local meta = redis.call('HMGET', key, 'length', 'position', 'frames', 'first')
  log = { key = key, length = tonumber(meta[1] or 0), position = meta[2] or '', bytes = {}, frames = {},
    framed = tonumber(meta[3] or 0), first = meta[4] or '' }
  changes.logs[key] = log
  return log
end

-- Whether the log of an attempt is as long as its worker says; '' means that the worker does not say.
local function is_stored(run, row, length)
  return length == '' or load_log(log_key(run.uid, row.index, row.section.attempt)).length == length
end

-- Tells followers that the log has ended.
local function end_log(run, row)
  append(changes.logs_ended, log_key(run.uid, row.index, row.section.attempt))
end

-- Appends bytes at offset `at` of a value that is stored in parts.
local function append_parts(key, at, bytes)
  local from = 1
  while from <= #bytes do
    local room = LIMIT.log_part_bytes - at % LIMIT.log_part_bytes
    local piece = string.sub(bytes, from, from + room - 1)
    redis.call('APPEND', key .. math.floor(at / LIMIT.log_part_bytes), piece)
    from = from + #piece
    at = at + #piece
  end
end

local function write_log(log)
  if log.grown then
    local bytes, frames = table.concat(log.bytes), table.concat(log.frames)
    append_parts(log.key .. ':', log.length - #bytes, bytes)
    if log.framed == 0 and #log.first + #frames <= LIMIT.first_frames_bytes then
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
