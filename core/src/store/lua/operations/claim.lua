-- claim: a worker takes an attempt (life of a run, step 4); PENDING → RUNNING under a new lease.
--
-- args   uid, index, attempt, owner, executor number, expiry of the lease in ms from now, the pool that the job must be in,
--        or '' where the id came through the queue of its pool
-- reply  ok index attempt epoch name specification dependents info, how many ms it was ready before the claim, and how many
--        have passed since (0)
--        | gone | taken | final | canceled | waiting | stale | pool (it is in another one) | paused
--        | parked (no slot is free, or something else goes first)
--
-- `info` is that of the run with what its jobs share, with the first claim of the run in a call only; else ''. An id that
-- comes twice, late, or for a run that is gone does nothing (see Ready marks).

local function info_once(run)
  if known.informed[run.uid] then return '' end
  known.informed[run.uid] = true
  if not run.shared then return run.info end
  return string.sub(run.info, 1, -2) .. (run.info == '{}' and '' or ',') .. string.sub(run.shared, 2)
end

-- A job's specification, which stands in its plan behind the edges and the pool, and how many edges there are.
local function specification_of(row)
  local plan = plan_of(row)
  local edges = edges_in(plan)
  local at = 7 + edges * 3
  return string.sub(plan, at + 1 + string.byte(plan, at)), edges
end

local function take(run, row, owner, executor, ttl, info)
  local s = section_of(row)
  set_status(run, row, JOB.RUNNING, REASON.Starting)
  local slice = pools.slice_of(run, row)
  slice.queued = math.max(0, slice.queued - 1)
  clear_mark(run, row)
  s.epoch = s.epoch + 1
  s.owner = owner
  s.executor = executor
  s.claimed = now
  s.text = ''
  if run.status == RUN.PENDING then
    run.started = now
    set_run_status(run, RUN.RUNNING)
  end
  emit_job('job.status', run, row)
  add_lease(run, row, ttl)
  run.open = run.open + 1
  take_slot(run, row)
  local specification, dependents = specification_of(row)
  return { 'ok', row.index, s.attempt, s.epoch, name_of(row), specification, dependents, info, now - s.queued, 0 }
end

-- Puts a job that was handed out back into the backlog: no slot is free, since jobs of other pools have taken them (see
-- Slots), or a job of the run with a higher priority has become ready and takes its place (see Priorities).
local function park(run, row)
  clear_mark(run, row)
  row.section.message = 0
  row.handed_out = false
  local slice = pools.slice_of(run, row)
  slice.queued = math.max(0, slice.queued - 1)
  send_to_backlog(run, slice, row)
  return { 'parked' }
end

reads.claim = 3
operations.claim = function(a)
  local at = ARG.claim
  local run = load_run(a[at.uid])
  local row = run and load_row(run, a[at.index])
  if not row then return { 'gone' } end
  if row.status == JOB.RUNNING then return { 'taken' } end
  if row.status ~= JOB.PENDING then return { 'final' } end
  if is_ending(run) then return { 'canceled' } end
  local s = section_of(row)
  if not s or row.unsatisfied > 0 or s.message == 0 then return { 'waiting' } end
  if s.attempt ~= a[at.attempt] then return { 'stale' } end
  if a[at.pool] ~= '' and a[at.pool] ~= pools.of(run, row) then return { 'pool' } end
  if paused then return { 'paused' } end
  if run.max_parallel > 0 and slots_taken(run) >= run.max_parallel then return park(run, row) end
  if must_give_way(run, row) then return park(run, row) end
  return take(run, row, a[at.owner], a[at.executor], a[at.ttl], info_once(run))
end
