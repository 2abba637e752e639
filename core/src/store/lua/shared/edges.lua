-- Resolves the edges of ended jobs, at most LIMIT.edges in a call (see Bounded calls). The rest stands in the run's `todo`,
-- with a mark in `chunks`. `resume` continues there, and the run is not final before that is done.

-- The unresolved edges of a run: those in Redis, read page by page, then those that this call adds. Only changes are
-- written, so the cost of a call does not depend on the length of the list.
local function todo_of(run)
  local todo = run.todo_queue
  if not todo then
    todo = { stored = run.todo, taken = 0, page = {}, added = {}, next_added = 1 }
    run.todo_queue = todo
  end
  return todo
end

-- The first item, { index of an ended job, edge to go on with }, or nil when none is left.
local function first_todo(run)
  local todo = todo_of(run)
  if todo.taken == todo.stored then return todo.added[todo.next_added] end
  if not todo.page[todo.taken + 1] then
    local items = redis.call('LRANGE', P .. 'todo:' .. run.uid, todo.taken, todo.taken + LIMIT.todo_page - 1)
    for i = 1, #items do
      local index, edge = string.match(items[i], '^(%d+):(%d+)$')
      todo.page[todo.taken + i] = { tonumber(index), tonumber(edge) }
    end
  end
  return todo.page[todo.taken + 1]
end

local function drop_first_todo(run)
  local todo = run.todo_queue
  if todo.taken < todo.stored then todo.taken = todo.taken + 1 else todo.next_added = todo.next_added + 1 end
end

local function add_todo(run, row)
  local added = todo_of(run).added
  added[#added + 1] = { row.index, 0 }
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
  add_todo(run, row)
end

local function load_dependents(run, plan, from, to)
  if to - from == 1 then
    local high, low = string.byte(plan, 7 + from * 3, 8 + from * 3)
    load_row_and_plan(run, high * 256 + low)
    return
  end
  local indexes = {}
  for edge = from, to - 1 do
    local high, low = string.byte(plan, 7 + edge * 3, 8 + edge * 3)
    indexes[#indexes + 1] = high * 256 + low
  end
  load_rows(run, indexes)
  if not pools.differ(run) then return end
  local rows = {} -- Those that may become ready: their plans have their pools.
  for i = 1, #indexes do
    local row = run.rows[indexes[i]]
    if row.status == JOB.PENDING and row.unsatisfied == 1 then rows[#rows + 1] = row end
  end
  load_plans(run, rows, #rows)
end

-- Edges `from` until before `to` of an ended job, at most LIMIT.edges_page. Dependents that became ready
-- are appended to `fresh`.
local function resolve_edges(run, cause, from, to, fresh)
  local plan = plan_of(cause)
  load_dependents(run, plan, from, to)
  budget.edges = budget.edges - (to - from)
  for edge = from, to - 1 do
    local high, low, mask = string.byte(plan, 7 + edge * 3, 9 + edge * 3)
    local row = run.rows[high * 256 + low]
    if row.status == JOB.PENDING then
      if bit.band(SATISFIES[cause.status], mask) == 0 then
        end_dependent(run, row, cause)
        budget.edges = budget.edges - COST.ended
      else
        row.unsatisfied = row.unsatisfied - 1
        touch_row(run, row)
        if row.unsatisfied == 0 then
          row.reason = REASON.Queued
          make_ready(run, row, true)
          fresh[#fresh + 1] = row
          budget.edges = budget.edges - COST.ready
        end
      end
    end
  end
end

-- True when no edge of the item is left.
local function resolve_item(run, item, fresh)
  if item[1] == OPEN_JOBS then return end_open_jobs(run, item) end
  local cause = load_row(run, item[1])
  local count = edges_in(plan_of(cause))
  local from = item[2]
  budget.edges = budget.edges - 1
  while from < count and budget.edges > 0 do
    local upto = math.min(count, from + math.min(budget.edges, LIMIT.edges_page))
    resolve_edges(run, cause, from, upto, fresh)
    from = upto
  end
  item[2] = from
  return from == count
end

local function resolve(run, fresh)
  touch_run(run)
  while budget.edges > 0 do
    local item = first_todo(run)
    if not item or not resolve_item(run, item, fresh) then break end
    drop_first_todo(run)
  end
  local todo = run.todo_queue
  run.todo = todo.stored - todo.taken + #todo.added - todo.next_added + 1
  return run.todo > 0
end

-- Resolves the edges of a job that has just ended. Most jobs have few edges and need no list.
local function resolve_ended(run, row, fresh)
  local count = edges_in(plan_of(row))
  if run.todo > 0 or run.todo_queue or count > LIMIT.edges_page or count >= budget.edges then
    add_todo(run, row)
    return resolve(run, fresh)
  end
  budget.edges = budget.edges - 1
  if count > 0 then resolve_edges(run, row, 0, count, fresh) end
  return run.todo_queue and resolve(run, fresh)
end

local function write_todo(run)
  local key, todo = P .. 'todo:' .. run.uid, run.todo_queue
  if todo.taken > 0 then redis.call('LTRIM', key, todo.taken, -1) end
  local head = todo.taken < todo.stored and todo.page[todo.taken + 1]
  if head then redis.call('LSET', key, 0, head[1] .. ':' .. head[2]) end
  local items = {}
  for i = todo.next_added, #todo.added do
    items[#items + 1] = todo.added[i][1] .. ':' .. todo.added[i][2]
    if #items == 1000 or i == #todo.added then
      redis.call('RPUSH', key, unpack(items))
      items = {}
    end
  end
  if run.todo > 0 then redis.call('ZADD', P .. 'chunks', now, run.uid) else redis.call('ZREM', P .. 'chunks', run.uid) end
end
