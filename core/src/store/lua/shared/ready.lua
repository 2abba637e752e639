-- Ready marks: a ready job is handed out in a message, at most LIMIT.queued of a run and pool at once. The other ready jobs
-- wait in the backlog of the run, as do those for which no slot is free (see Slots), ordered by priority and by the time at
-- which they became ready. Each call hands out the next jobs of the runs that it touches, up to a limit for all of them (see
-- Bounded calls). A run of which no id is left in the queue of a pool always gets some there.
--
-- Pools: where jobs of a run have pools of their own, each of these pools has its slice of the run (`runs.lua`), and may get
-- as many ids as slots are free. The claims decide who gets a slot; the others go back to the backlog.
--
-- Priorities: where jobs of a run differ in priority, a call gathers the jobs that become ready in `slice.fresh` and hands
-- them out at its end, the highest priority first: directly if the backlog is empty, else through the backlog. While edges of
-- the run are unresolved it hands out nothing, since more jobs may become ready.

-- Notes the row, so that the end of the call announces it or puts it into a message.
local function list_handout(row)
  if row.listed then return end
  row.listed = true
  append(changes.handouts, row)
end

local function hand_out(run, slice, row)
  slice.queued = slice.queued + 1
  row.handed_out = true
  list_handout(row)
  touch_row(run, row)
end

local function room_of(run, slice)
  local room = LIMIT.queued - slice.queued
  if run.max_parallel == 0 then return room end
  return math.min(room, run.max_parallel - slots_taken(run) - slice.queued)
end

-- Members of one score are ordered by their text, so the index has a fixed width.
local function backlog_member(row)
  return string.format('%05d', row.index)
end

-- The same call may have taken it out before.
local function keep_in_backlog(slice, member)
  local removed = slice.backlog_removed
  for i = removed and #removed or 0, 1, -1 do
    if removed[i] == member then table.remove(removed, i) end
  end
end

local function put_in_backlog(run, slice, row)
  if run.max_parallel > 0 then row.reason = REASON.WaitingForSlot end
  slice.backlog = slice.backlog + 1
  if slice.backlog_top then slice.backlog_top = math.max(slice.backlog_top, priority_of(run, row)) end
  slice.backlog_push = slice.backlog_push or {}
  local count = #slice.backlog_push
  slice.backlog_push[count + 1] = texts[(200 - priority_of(run, row)) * BACKLOG_TIMES + row.section.queued]
  slice.backlog_push[count + 2] = backlog_member(row)
  keep_in_backlog(slice, backlog_member(row))
  list_handout(row)
  touch_row(run, row)
end

-- `announce`: the change of reason is an event, unless the same call claims the job too.
local function make_ready(run, row, announce)
  -- In a run that is to end, remaining edges may make jobs ready that are canceled soon after (see Cancels and stops).
  if is_ending(run) then return end
  local s = section_of(row) or new_section(row, 1, 0, run.created, 0, 0)
  s.queued = now
  row.unsatisfied = 0
  row.announce = announce
  local slice = pools.slice_of(run, row)
  -- The roots of a new run come in the order of their priority.
  if has_priorities(run) and not run.is_new then
    row.is_fresh = true
    slice.fresh = slice.fresh or {}
    slice.fresh[#slice.fresh + 1] = row
    touch_row(run, row)
    return
  end
  -- Jobs that wait for a slot already go first.
  if room_of(run, slice) > 0 and (run.max_parallel == 0 or slice.backlog == 0) then
    hand_out(run, slice, row)
  else
    put_in_backlog(run, slice, row)
  end
end

-- If the same call takes it out again, there is no event.
local function send_to_backlog(run, slice, row)
  row.reason_before = row.reason
  put_in_backlog(run, slice, row)
end

-- The highest priority of what waits in the backlog, or -1.
local function backlog_top(run, slice)
  if slice.backlog == 0 then return -1 end
  if not slice.backlog_top then
    local head = redis.call('ZRANGE', pools.backlog_key(run, slice), 0, 0, 'WITHSCORES')
    slice.backlog_top = head[2] and 200 - math.floor(tonumber(head[2]) / BACKLOG_TIMES) or -1
    local pushed = slice.backlog_push or {}
    for i = 1, #pushed, 2 do
      slice.backlog_top = math.max(slice.backlog_top, 200 - math.floor(tonumber(pushed[i]) / BACKLOG_TIMES))
    end
  end
  return slice.backlog_top
end

-- The highest priority of what is ready and not handed out, or -1. Only of a run whose jobs differ in priority.
local function highest_ready(run, slice)
  local top = backlog_top(run, slice)
  local fresh = slice.fresh or {}
  load_plans(run, fresh, #fresh)
  for i = 1, #fresh do
    if fresh[i].is_fresh then top = math.max(top, priority_of(run, fresh[i])) end
  end
  return top
end

-- Whether a job of the run with a higher priority is ready in the same pool.
local function must_give_way(run, row)
  if not has_priorities(run) then return false end
  local slice = pools.slice_of(run, row)
  if slice.backlog == 0 and not slice.fresh then return false end
  slice.gave_way = highest_ready(run, slice) > priority_of(run, row)
  return slice.gave_way
end

-- The highest priority first.
local function sort_by_priority(run, rows)
  load_plans(run, rows, #rows)
  table.sort(rows, function(one, other)
    local first, second = priority_of(run, one), priority_of(run, other)
    if first == second then return one.index < other.index end
    return first > second
  end)
end

-- Sorts the jobs that an end made ready into the order in which they start. @return the lowest priority that may be claimed
-- with the end: the highest of all other ready jobs of the pool.
local function order_fresh(run, slice, rows)
  if not has_priorities(run) then return -1 end
  sort_by_priority(run, rows)
  for i = 1, #rows do rows[i].is_fresh = false end
  local least = highest_ready(run, slice)
  if run.max_parallel > 0 and least == backlog_top(run, slice) then least = least + 1 end -- Who waits for a slot goes first.
  for i = 1, #rows do rows[i].is_fresh = true end
  return least
end

-- Whether jobs of other pools wait for a slot.
function pools.others_wait(run, slice)
  if run.max_parallel == 0 or slice == run then return false end
  local slices = pools.slices(run)
  for i = 1, #slices do
    if slices[i] ~= slice and slices[i].backlog > 0 then return true end
  end
  return false
end

-- @return whether a job that an end made ready can be claimed with that end.
local function can_start(run, slice, row, least)
  if row.status ~= JOB.PENDING or pools.others_wait(run, slice) then return false end
  if row.handed_out then return true end
  if not row.is_fresh or run.todo > 0 or room_of(run, slice) <= 0 or priority_of(run, row) < least then return false end
  row.is_fresh = false
  hand_out(run, slice, row)
  return true
end

local function take_from_backlog(run, slice, count)
  local members = redis.call('ZRANGE', pools.backlog_key(run, slice), 0, count - 1)
  slice.backlog_taken = members
  slice.backlog = #members < count and 0 or slice.backlog - #members
  budget.handouts = budget.handouts - #members
  local indexes, rows = {}, {}
  for i = 1, #members do indexes[i] = tonumber(members[i]) end
  load_rows(run, indexes)
  for i = 1, #indexes do
    local row = run.rows[indexes[i]]
    if row and row.status == JOB.PENDING then rows[#rows + 1] = row end
  end
  if slice ~= run then load_plans(run, rows, #rows) end
  for i = 1, #rows do
    local row = rows[i]
    local s = section_of(row) or new_section(row, 1, 0, run.created, 0, 0)
    if s.queued == 0 then s.queued = now end
    if row.reason_before then
      row.reason = row.reason_before
    elseif row.reason == REASON.WaitingForSlot then
      row.reason = REASON.Queued
      row.announce = true
    end
    hand_out(run, slice, row)
  end
end

-- Runs after all operations: hands out the jobs that the call has gathered, or puts them into the backlog.
local function settle_fresh(run, slice)
  if not slice.fresh or is_ending(run) then return end
  local rows = {}
  for i = 1, #slice.fresh do
    local row = slice.fresh[i]
    if row.is_fresh then rows[#rows + 1] = row end
    row.is_fresh = false -- It is listed twice if the call made it wait again and then ready again.
  end
  local room = slice.backlog == 0 and run.todo == 0 and room_of(run, slice) or 0
  if #rows > room then sort_by_priority(run, rows) end
  for i = 1, #rows do
    if i <= room then hand_out(run, slice, rows[i]) else send_to_backlog(run, slice, rows[i]) end
  end
end

-- Runs after all operations and after the backlog is written: hands out the next jobs of the backlog.
local function hand_out_backlog(run, slice)
  if slice.backlog == 0 or is_ending(run) then return end
  -- What it begins with is handed out already, if it is all in one pool.
  if run.is_new and run.max_parallel == 0 and slice == run then return end
  if run.todo > 0 and has_priorities(run) then return end
  local room = room_of(run, slice)
  if run.max_parallel == 0 and room < LIMIT.bundle and not slice.gave_way then return end
  local least = (slice == run and LIMIT.bundle or LIMIT.slice) - slice.queued
  local count = math.min(room, slice.backlog, math.max(budget.handouts, least))
  if count > 0 then take_from_backlog(run, slice, count) end
end

-- Groups the jobs that go into messages by pool and priority (see Priorities). Jobs that a worker sent back for want
-- of room go before all others of their priority, since they were there first.
local function group_handouts()
  local groups, by_pool = {}, {}
  for i = 1, #changes.handouts do
    local row = changes.handouts[i]
    local run = row.run
    if row.reason_before and row.reason ~= row.reason_before then -- It waits for a slot, and that is told.
      row.section.text = ''
      row.announce = true
    end
    if row.status == JOB.PENDING and row.announce then emit_job('job.reason', run, row) end
    if row.status == JOB.PENDING and row.handed_out then
      local pool, priority, came_back = pools.of(run, row), priority_of(run, row), row.came_back or 0
      local of_pool, rank = by_pool[pool] or {}, priority * 2 + came_back
      by_pool[pool] = of_pool
      local group = of_pool[rank]
      if not group then
        group = { pool = pool, priority = priority, came_back = came_back }
        of_pool[rank] = group
        groups[#groups + 1] = group
      end
      group[#group + 1] = row
    end
  end
  return groups
end

-- The messages of this call, for the caller to enqueue: { pool, message id, priority, 1 if it came back, id … } each.
-- Their ids are written into the rows, so that a sweep can ask BullMQ whether a mark's message is there.
local function write_handouts()
  local bundles = {}
  for _, group in ipairs(group_handouts()) do
    local size = tonumber(redis.call('HGET', P .. 'bundles', group.pool) or LIMIT.bundle)
    local count = math.ceil(#group / size)
    local last = redis.call('HINCRBY', P .. 'counters', 'message', count)
    for b = 1, count do
      local bundle = { group.pool, last - count + b, group.priority, group.came_back }
      for i = (b - 1) * size + 1, math.min(b * size, #group) do
        local row = group[i]
        local id = id_of(row.run, row.index, row.section.attempt)
        row.section.message = bundle[2]
        bundle[#bundle + 1] = id
        append_to(changes.marks_added, group.pool, texts[now], id)
      end
      bundles[#bundles + 1] = bundle
    end
  end
  return bundles
end

-- The priority of the message that BullMQ gives out next in a pool, as it is stored, or -1. A job that is claimed with an end (fusion)
-- must not overtake it. BullMQ keeps `rank * 2^32 + counter`; the ranks are those of `rankOf` in
-- core/src/queue/bundle-queue.ts.
local function highest_waiting(pool)
  local head = known.heads[pool]
  if not head then
    local first = redis.call('ZRANGE', P .. 'queue:' .. pool .. ':prioritized', 0, 0, 'WITHSCORES')
    head = first[2] and math.floor((RANK_BASE - math.floor(tonumber(first[2]) / 4294967296)) / 2) or -1
    known.heads[pool] = head
  end
  return head
end
