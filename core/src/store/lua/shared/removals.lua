-- Removes runs and logs for `delete`, `remove` and `remove-logs`: a bounded piece at the end of each call (see Bounded calls).
-- The caller continues where the piece ended; starting from the beginning is safe too.

local removal = {} -- A table, since Lua allows only so many local functions.

-- Removes what is stored in parts, from the last part to the first. @return how many of the bytes are left.
function removal.parts(key, length)
  local parts = math.ceil(length / LIMIT.log_part_bytes)
  local left = length
  while parts > 0 and budget.removals > 0 do
    parts = parts - 1
    left = parts * LIMIT.log_part_bytes
    redis.call('UNLINK', key .. texts[parts])
    budget.removals = budget.removals - COST.log_part
  end
  changes.log_bytes = changes.log_bytes - (length - left)
  return left
end

-- Logs in the archive (see Archive). Readers need the lengths of a log for ever, so `keptBytes` and `keptFrames` say what
-- is left of it here.
-- @return whether nothing is left.
function removal.free_log(key)
  local kept = redis.call('HMGET', key, 'keptFrames', 'keptBytes')
  local frames = removal.parts(key .. ':f', tonumber(kept[1] or 0))
  local length = removal.parts(key .. ':', tonumber(kept[2] or 0))
  if frames + length > 0 then
    redis.call('HSET', key, 'keptFrames', texts[frames], 'keptBytes', texts[length])
    return false
  end
  redis.call('HDEL', key, 'keptFrames', 'keptBytes')
  return true
end

-- The objects of a run are to be removed: not at once, since Redis may lose its newest writes and have the run again, and
-- a second time, since an object that was being put may arrive after the first.
function removal.objects(uid)
  redis.call('ZADD', P .. 'objectRemovals', texts[now + LIMIT.objects_ms], uid .. '.1', texts[now + LIMIT.late_objects_ms], uid .. '.2')
end

-- The frames go first. The lengths of a half-removed log say what is left of it.
-- @return whether nothing is left.
local function remove_log(key)
  local meta = redis.call('HMGET', key, 'length', 'frames', 'first', 'archived')
  if not meta[1] then return true end
  if meta[4] then
    if not removal.free_log(key) then return false end
  else
    local frames = removal.parts(key .. ':f', tonumber(meta[2] or 0))
    local length = removal.parts(key .. ':', tonumber(meta[1]))
    if frames + length > 0 then
      redis.call('HSET', key, 'length', texts[length], 'frames', texts[frames])
      return false
    end
  end
  changes.log_bytes = changes.log_bytes - #(meta[3] or '')
  redis.call('UNLINK', key)
  return true
end

-- The number of a job's current or last attempt, 0 for a job that was never ready.
local function last_attempt(raw)
  local name_end = NAME_AT + string.byte(raw, NAME_AT)
  if #raw == name_end then return 0 end
  return unpack_attempt(raw, name_end + 1).attempt
end

-- The logs of the run whose rows stand under `key`, from an attempt of a job on.
-- @return the job and the attempt at which to go on, or nil when all are gone.
local function remove_logs(uid, key, index, attempt)
  while true do
    local fields = {}
    for i = 1, LIMIT.rows_page do fields[i] = texts[index + i - 1] end
    local raws = redis.call('HMGET', key, unpack(fields))
    for i = 1, LIMIT.rows_page do
      if not raws[i] then return nil end
      budget.removals = budget.removals - 1
      for n = attempt, last_attempt(raws[i]) do
        if budget.removals <= 0 then return index, n end
        budget.removals = budget.removals - 2
        if not remove_log(log_key(uid, index, n)) then return index, n end
      end
      index = index + 1
      attempt = 1
    end
    if budget.removals <= 0 then return index, 1 end
  end
end

-- Writes into the operation's reply where to continue, if there is more to remove.
local function answer(reply, index, attempt)
  reply[1] = 'done'
  if index then reply[1], reply[2], reply[3] = 'more', index, attempt end
end

-- Removes a hidden run: first its logs, then its keys.
local function remove_run(uid, index, attempt, reply)
  local key = P .. 'deleted:' .. uid
  local next_index, next_attempt = remove_logs(uid, key, index, attempt)
  answer(reply, next_index, next_attempt)
  if next_index then return end
  if redis.call('HEXISTS', key, 'archivedFrom') == 1 then removal.objects(uid) end
  redis.call('UNLINK', key, P .. 'source:' .. uid, P .. 'attempts:' .. uid, P .. 'backlog:' .. uid, P .. 'todo:' .. uid,
    P .. 'slots:' .. uid)
  redis.call('ZREM', P .. 'deletions', uid)
  budget.removals = budget.removals - COST.log_part
end
