-- reopen: FAILED → PENDING by hand, in a live run (see Retry by hand).
--
-- args   uid, index, then of each transitive dependent, dependencies before dependents: its index, how many edges lead
--        to it, of each edge the index of the dependency and the conditions
-- reply  ok next-attempt | gone | final (the run is) | ending (the run is asked to end) | status (the job is not FAILED)
--        | busy (edges are unresolved, or the attempt is not closed: ask again) | claimed index
--
-- Dependents that were skipped, or are ready and unclaimed, wait for their dependencies again. One that was ever
-- claimed forbids it: what it saw cannot be taken back.

local function has_ended(row)
  return row.status ~= JOB.PENDING and row.status ~= JOB.RUNNING
end

-- How many of its edges are not satisfied once the jobs of `reopened` wait again; nil: it stays as it is, since it
-- waits for none of them, or something else has skipped it for good.
local function edges_to_wait_for(run, edges, reopened)
  local waits, unsatisfied = false, 0
  for i = 1, #edges, 2 do
    local dependency = run.rows[edges[i]]
    if reopened[edges[i]] then
      waits = true
      unsatisfied = unsatisfied + 1
    elseif not has_ended(dependency) then
      unsatisfied = unsatisfied + 1
    elseif bit.band(SATISFIES[dependency.status], edges[i + 1]) == 0 then
      return nil
    end
  end
  return waits and unsatisfied or nil
end

-- Makes a ready or skipped job wait again.
local function make_wait(run, row, unsatisfied)
  local s = section_of(row)
  local skipped = row.status == JOB.SKIPPED
  if not skipped and row.unsatisfied == 0 and s then
    local slice = pools.slice_of(run, row)
    if row.is_fresh then
      row.is_fresh = false
    elseif s.message > 0 or row.handed_out then
      clear_mark(run, row)
      row.handed_out = false
      slice.queued = math.max(0, slice.queued - 1)
    else
      slice.backlog = math.max(0, slice.backlog - 1)
      append_to(slice, 'backlog_removed', backlog_member(row))
    end
  end
  local reason_before = row.reason
  row.section = false
  row.announce = false
  row.reason_before = false -- The same call may have parked it.
  row.raw = string.sub(row.raw, 1, row.name_end)
  row.unsatisfied = unsatisfied
  if skipped then
    set_status(run, row, JOB.PENDING, REASON.WaitingForDependencies)
    emit_job('job.status', run, row)
  else
    row.reason = REASON.WaitingForDependencies
    touch_row(run, row)
    if reason_before ~= row.reason then emit_job('job.reason', run, row) end
  end
end

-- The dependents as { index, edges } each; the rows of all that they name are loaded.
local function read_dependents(run, a)
  local dependents, wanted = {}, {}
  local at = ARG.reopen.index + 1
  while at <= #a do
    local edges = {}
    for i = 1, a[at + 1] * 2 do edges[i] = a[at + 1 + i] end
    dependents[#dependents + 1] = { index = a[at], edges = edges }
    wanted[#wanted + 1] = a[at]
    for i = 1, #edges, 2 do wanted[#wanted + 1] = edges[i] end
    at = at + 2 + #edges
  end
  for from = 1, #wanted, 200 do load_rows(run, { unpack(wanted, from, math.min(from + 199, #wanted)) }) end
  return dependents
end

reads.reopen = 1
operations.reopen = function(a)
  local at = ARG.reopen
  local run = load_run(a[at.uid])
  local row = run and load_row(run, a[at.index])
  if not row then return { 'gone' } end
  if run.ended > 0 then return { 'final' } end
  if is_ending(run) then return { 'ending' } end
  if row.status ~= JOB.FAILED then return { 'status' } end
  local s = section_of(row)
  if run.todo > 0 or not has_flag(s, FLAG.CLOSED) then return { 'busy' } end
  local dependents = read_dependents(run, a)
  for i = 1, #dependents do
    local section = section_of(run.rows[dependents[i].index])
    if section and section.epoch > 0 then return { 'claimed', dependents[i].index } end
  end
  local reopened = { [row.index] = true }
  for i = 1, #dependents do
    local dependent = dependents[i]
    local unsatisfied = edges_to_wait_for(run, dependent.edges, reopened)
    if unsatisfied then
      reopened[dependent.index] = true
      make_wait(run, run.rows[dependent.index], unsatisfied)
    end
  end
  if string.byte(plan_of(row), 1) % 2 == 0 then run.failed = math.max(0, run.failed - 1) end
  archive.keep(run, row, JOB.FAILED, row.reason)
  append(changes.fields, { run.key, 'o' .. texts[row.index], '{}' }) -- What it had put out is not so any more.
  new_section(row, s.attempt + 1, s.epoch, now, 0, 0)
  set_status(run, row, JOB.PENDING, REASON.Queued)
  make_ready(run, row, false)
  emit_job('job.status', run, row)
  return { 'ok', s.attempt + 1 }
end
