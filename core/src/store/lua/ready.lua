-- Rule R4: a ready job is handed out in a message, at most QUEUED_MAX of a run at once; the rest
-- waits in the run's backlog, and each claim hands out the next ones; one call so many of them
-- (invariant I10), but always some of a run that has none left to be claimed.
local handouts = {}
local backlog_left = READY_AT_ONCE

local function hand_out(run, row)
  run.queued = run.queued + 1
  row.handed_out = true
  handouts[#handouts + 1] = row
  touch_row(run, row)
end

-- `announce`: the change of reason is an event, unless the same call claims the job too.
local function make_ready(run, row, announce)
  local s = section_of(row) or new_section(row, 1, 0, run.created, 0)
  s.queued = now
  row.unsatisfied = 0
  row.announce = announce
  if run.queued < QUEUED_MAX then
    hand_out(run, row)
    return
  end
  run.backlog = run.backlog + 1
  run.backlog_push = run.backlog_push or {}
  run.backlog_push[#run.backlog_push + 1] = texts[row.index]
  handouts[#handouts + 1] = row
  touch_row(run, row)
end

local function hand_out_backlog(run)
  if run.backlog == 0 or run.queued > QUEUED_MAX - BUNDLE_MAX then return end
  if backlog_left <= 0 and run.queued >= BUNDLE_MAX then return end
  local taken = run.backlog_taken or 0
  local indexes = redis.call('LRANGE', P .. 'backlog:' .. run.uid, taken, taken + BUNDLE_MAX - 1)
  run.backlog_taken = taken + #indexes
  run.backlog = run.backlog - #indexes
  backlog_left = backlog_left - #indexes
  for i = 1, #indexes do indexes[i] = tonumber(indexes[i]) end
  load_rows(run, indexes)
  for i = 1, #indexes do
    local row = run.rows[indexes[i]]
    if row and row.status == JOB.PENDING then
      local s = section_of(row) or new_section(row, 1, 0, run.created, 0)
      if s.queued == 0 then s.queued = now end
      hand_out(run, row)
    end
  end
end

-- The messages of this call, for the caller to enqueue: { kind, message id, id … } each. Their
-- ids are written into the rows, so that a sweep can ask BullMQ whether a mark's message is there.
local function write_handouts()
  local by_kind = {}
  for i = 1, #handouts do
    local row = handouts[i]
    local run = row.run
    if row.status == JOB.PENDING and row.announce then emit_job('job.reason', run, row) end
    if row.status == JOB.PENDING and row.handed_out then
      local list = by_kind[run.kind]
      if not list then
        list = {}
        by_kind[run.kind] = list
      end
      list[#list + 1] = row
    end
  end
  local bundles = {}
  for kind, list in pairs(by_kind) do
    local size = tonumber(redis.call('HGET', P .. 'bundles', kind) or BUNDLE_MAX)
    local count = math.ceil(#list / size)
    local last = redis.call('HINCRBY', P .. 'counters', 'message', count)
    for b = 1, count do
      local bundle = { kind, last - count + b }
      for i = (b - 1) * size + 1, math.min(b * size, #list) do
        local row = list[i]
        local id = id_of(row.run, row.index, row.section.attempt)
        row.section.message = bundle[2]
        bundle[#bundle + 1] = id
        add_to(marks, kind, texts[now], id)
      end
      bundles[#bundles + 1] = bundle
    end
  end
  return bundles
end
