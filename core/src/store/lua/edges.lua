-- Resolves the edges of ended jobs, one after the other, at most EDGES_MAX in a call (invariant
-- I10). What is left stands in the run's `todo` behind a mark in `chunks`; `resume` goes on with
-- it, and the run is not final before.
local edges_left = EDGES_MAX

local function load_todo(run)
  if run.todo_list then return run.todo_list end
  local list = {}
  if run.todo > 0 then
    run.todo_stored = true
    local items = redis.call('LRANGE', P .. 'todo:' .. run.uid, 0, -1)
    for i = 1, #items do
      local index, edge = string.match(items[i], '^(%d+):(%d+)$')
      list[i] = { tonumber(index), tonumber(edge) }
    end
  end
  run.todo_list = list
  run.todo_first = 1
  return list
end

local function end_dependent(run, row, cause)
  if cause.status == JOB.CANCELED then
    set_status(run, row, JOB.CANCELED, cause.reason)
  elseif cause.status == JOB.SKIPPED then
    set_status(run, row, JOB.SKIPPED, REASON.DependencySkipped)
  else
    set_status(run, row, JOB.SKIPPED, REASON.ConditionNotMet)
  end
  emit_job('job.status', run, row)
  run.todo_list[#run.todo_list + 1] = { row.index, 0 }
end

-- Dependents that became ready are appended to `fresh`.
local function resolve_item(run, item, fresh)
  local cause = load_row(run, item[1])
  local plan = load_plan(run, item[1])
  local _, bytes = struct.unpack('>BI4', plan)
  local count = bytes / 3
  local from = item[2]
  local to = math.min(count, from + edges_left)
  edges_left = edges_left - (to - from) - 1
  while from < to do
    local upto = math.min(to, from + 200)
    local indexes, masks = {}, {}
    for edge = from, upto - 1 do
      local high, low, mask = string.byte(plan, 6 + edge * 3, 8 + edge * 3)
      indexes[#indexes + 1] = high * 256 + low
      masks[#masks + 1] = mask
    end
    load_rows(run, indexes)
    for i = 1, #indexes do
      local row = run.rows[indexes[i]]
      if row.status == JOB.PENDING then
        if bit.band(SATISFIES[cause.status], masks[i]) == 0 then
          end_dependent(run, row, cause)
        else
          row.unsatisfied = row.unsatisfied - 1
          touch_row(run, row)
          if row.unsatisfied == 0 then
            row.reason = REASON.Queued
            make_ready(run, row, true)
            fresh[#fresh + 1] = row
            edges_left = edges_left - READY_COST
          end
        end
      end
    end
    from = upto
    if edges_left <= 0 then break end
  end
  item[2] = from
  return from == count
end

local function resolve(run, fresh)
  local list = load_todo(run)
  run.todo_changed = true
  touch_run(run)
  while edges_left > 0 and run.todo_first <= #list do
    if not resolve_item(run, list[run.todo_first], fresh) then break end
    run.todo_first = run.todo_first + 1
  end
  run.todo = #list - run.todo_first + 1
  return run.todo > 0
end

-- The edges of a job that has just ended.
local function resolve_ended(run, row, fresh)
  local list = load_todo(run)
  list[#list + 1] = { row.index, 0 }
  return resolve(run, fresh)
end

local function write_todo(run)
  local key = P .. 'todo:' .. run.uid
  redis.call('DEL', key)
  if run.todo == 0 then
    redis.call('ZREM', P .. 'chunks', run.uid)
    return
  end
  redis.call('ZADD', P .. 'chunks', now, run.uid)
  local items = {}
  for i = run.todo_first, #run.todo_list do
    items[#items + 1] = run.todo_list[i][1] .. ':' .. run.todo_list[i][2]
    if #items == 1000 or i == #run.todo_list then
      redis.call('RPUSH', key, unpack(items))
      items = {}
    end
  end
end
