-- Reads what the operations of a call name, in one command for each run.
local function read_one(wanted, uid, index)
  local key, text = P .. 'run:' .. uid, texts[index]
  local values
  if wanted == 1 then
    values = redis.call('HMGET', key, 'state', text)
  elseif wanted == 2 then
    values = redis.call('HMGET', key, 'state', text, 'p' .. text)
  else
    values = redis.call('HMGET', key, 'state', text, 'p' .. text, 'info', 'shared')
  end
  if not values[1] then
    runs[uid] = false
    return
  end
  local run = new_run(uid, values[1])
  local row = new_row(run, index, values[2])
  if row then row.plan = values[3] or false end
  run.info, run.shared = values[4] or false, values[5] or false
end

local function read_many(uid, indexes)
  local fields = { 'state', 'info', 'shared' }
  for i = 1, #indexes do
    local text = texts[indexes[i]]
    fields[i * 2 + 2] = text
    fields[i * 2 + 3] = 'p' .. text
  end
  local values = redis.call('HMGET', P .. 'run:' .. uid, unpack(fields))
  if not values[1] then
    runs[uid] = false
    return
  end
  local run = new_run(uid, values[1])
  run.info, run.shared = values[2], values[3]
  for i = 1, #indexes do
    if run.rows[indexes[i]] == nil then
      local row = new_row(run, indexes[i], values[i * 2 + 2])
      if row then row.plan = values[i * 2 + 3] end
    end
  end
end

local function prefetch(requests)
  local uses, several = {}, {}
  for i = 1, #requests, 2 do
    if reads[requests[i]] then
      local uid = requests[i + 1][1]
      uses[uid] = (uses[uid] or 0) + 1
    end
  end
  for i = 1, #requests, 2 do
    local wanted = reads[requests[i]]
    if wanted then
      local uid, index = requests[i + 1][1], requests[i + 1][2]
      if uses[uid] == 1 then
        read_one(wanted, uid, index)
      else
        local indexes = several[uid]
        if not indexes then
          indexes = {}
          several[uid] = indexes
        end
        indexes[#indexes + 1] = index
      end
    end
  end
  for uid, indexes in pairs(several) do read_many(uid, indexes) end
end
