-- finish: an attempt has ended (life of a run, step 6).
--
-- args   uid, index, attempt, epoch, owner, reason code, exit code or '', text, steps JSON or '',
--        runtime JSON or '', ages in ms of: scheduled, pulled, started (or ''), ttl of the leases under which
--        dependents that became ready in its pool are claimed at once for the same worker (fusion) or '', removal grace
--        in ms if all of the log is stored already, so that the attempt is closed with its end, or '',
--        how many dependents may be claimed, outputs JSON or '', how long the log is that is stored or
--        '' if nothing was
-- reply  ok left [claim reply of a dependent, without the run's info] … | stale
--
-- `left`: 1 when edges are left for `resume`, plus 2 when the attempt is not closed, since a Redis that came back
-- without its last seconds has less of the log than the worker has stored. Causes: of causes that meet here, the first recorded
-- request wins; the exit code is kept whatever the verdict.
local function verdict(run, s, reason)
  if has_flag(s, FLAG.TIMED_OUT) then return JOB.FAILED, REASON.TimedOut end
  if has_flag(s, FLAG.PENDING_TIMED_OUT) then return JOB.FAILED, REASON.PendingTimedOut end
  if has_flag(s, FLAG.CRASHED) and reason == REASON.WorkerCrashed then return JOB.FAILED, reason end
  if run.cancel_requested > 0 then return JOB.CANCELED, REASON.CanceledByUser end
  if run.timed_out > 0 then return JOB.CANCELED, REASON.RunTimedOut end
  if reason == REASON.Completed then return JOB.SUCCESSFUL, reason end
  return JOB.FAILED, reason
end

-- RUNNING → final, with all that follows for the jobs that depend on it. @return whether edges are left.
local function end_attempt(run, row, outcome, exit, text, steps, fresh)
  local s = row.section
  local status, reason = verdict(run, s, outcome)
  s.exit = exit
  s.text = reason == outcome and text or ''
  s.steps = steps
  s.ended = now
  s.adoptions = 0 -- Progress (see Crash loops).
  set_status(run, row, status, reason)
  clear_deadlines(run, row)
  free_slot(run, row)
  if status == JOB.FAILED and string.byte(plan_of(row), 1) % 2 == 0 then run.failed = run.failed + 1 end
  emit_job('job.status', run, row)
  return resolve_ended(run, row, fresh)
end

reads.finish = 2
operations.finish = function(a)
  local at = ARG.finish
  local run, row, s = held(a)
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  set_phases(s, a[at.scheduled], a[at.pulled], a[at.started])
  local fresh = {}
  local more = end_attempt(run, row, a[at.reason], a[at.exit] == '' and NO_EXIT or a[at.exit], a[at.text], a[at.steps], fresh)
  archive.keep_runtime(run, row, a[at.runtime])
  local left = more and 1 or 0
  if a[at.close_grace] ~= '' then
    if is_stored(run, row, a[at.log_length]) then
      end_log(run, row)
      close_attempt(run, row, a[at.close_grace])
    else
      left = left + 2
    end
  end
  -- They are written with the rows of attempts that others follow.
  if a[at.outputs] ~= '' and row.status ~= JOB.CANCELED then
    append(changes.fields, { run.key, 'o' .. texts[row.index], a[at.outputs] })
  end
  local reply = { 'ok', left }
  if a[at.fuse_ttl] == '' or paused or is_ending(run) then return reply end
  local count = math.min(#fresh, a[at.fuse_at_most], budget.fusions)
  local slice, pool = pools.slice_of(run, row), pools.of(run, row)
  local least = order_fresh(run, slice, fresh)
  load_plans(run, fresh, count)
  for i = 1, count do
    local dependent = fresh[i]
    if pools.slice_of(run, dependent) == slice and priority_of(run, dependent) >= highest_waiting(pool)
      and can_start(run, slice, dependent, least) then
      reply[#reply + 1] = take(run, dependent, a[at.owner], s.executor, a[at.fuse_ttl], '')
      budget.fusions = budget.fusions - 1
    end
  end
  return reply
end
