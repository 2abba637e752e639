-- retry: RUNNING → PENDING; the attempt failed in a way that is tried again, after a backoff.
--
-- args   uid, index, attempt, epoch, owner, reason code, exit code or '', text, steps JSON or '',
--        runtime JSON or '', ages in ms of: scheduled, pulled, started (or ''), removal grace in ms,
--        length of the log or '' if nothing was stored,
--        and where the user has asked for retries: limit, first backoff in ms, factor, longest backoff in ms
-- reply  ok next-attempt | stale | final (no retry is left, or the run or a deadline ended it: finish instead)
--        | log-lost (less of its log is stored than that: store it again first)
--
-- Losses of infrastructure and failures of the user's code have separate budgets (`reasons.ts`).
-- The log ends in this call, so that no attempt that runs has a log that has ended. The row of the ended attempt
-- moves to `attempts:UID`.

-- Exactly `ms`, as in `formatExactDuration` of core/pipeline/duration.ts: "1h30m".
local function exact_duration(ms)
  local text = ''
  for _, unit in ipairs(DURATION_UNITS) do
    local name, size = unit[1], unit[2]
    if ms >= size then text = text .. texts[math.floor(ms / size)] .. name end
    ms = ms % size
  end
  return text
end

local function lost_again(s, reason)
  local backoff = LOSS_BACKOFF_MS[s.losses + 1]
  if not backoff then return nil end
  return backoff, 'Attempt ' .. texts[s.attempt] .. ' was lost (' .. REASON_NAME[reason] .. '); the next one starts in '
    .. exact_duration(backoff) .. ', loss ' .. texts[s.losses + 1] .. ' of ' .. texts[#LOSS_BACKOFF_MS] .. ' that are made good.'
end

local function failed_again(s, reason, limit, first, factor, longest)
  if limit == '' or s.failures >= limit then return nil end
  local backoff = math.floor(math.min(longest, first * factor ^ s.failures))
  return backoff, 'Attempt ' .. texts[s.attempt] .. ' failed (' .. REASON_NAME[reason] .. '); the next one starts in '
    .. exact_duration(backoff) .. ', retry ' .. texts[s.failures + 1] .. ' of ' .. texts[limit] .. '.'
end

reads.retry = 1
operations.retry = function(a)
  local at = ARG.retry
  local run, row, s = held(a)
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  local status, reason = verdict(run, s, a[at.reason])
  -- A job that timed out before its run was to end stays FAILED, without another attempt (see Cancels and stops).
  if status ~= JOB.FAILED or is_ending(run) then return { 'final' } end
  local losses, failures, backoff, text = s.losses, s.failures, nil, nil
  if INFRASTRUCTURE[reason] then
    backoff, text = lost_again(s, reason)
    losses = losses + 1
  elseif USERS[reason] then
    backoff, text = failed_again(s, reason, a[at.limit], a[at.initial], a[at.factor], a[at.longest])
    failures = failures + 1
  end
  if not backoff then return { 'final' } end
  if not is_stored(run, row, a[at.log_length]) then return { 'log-lost' } end
  s.exit = a[at.exit] == '' and NO_EXIT or a[at.exit]
  s.text = reason == a[at.reason] and a[at.text] or ''
  s.steps = a[at.steps]
  set_phases(s, a[at.scheduled], a[at.pulled], a[at.started])
  s.ended = now
  set_status(run, row, JOB.PENDING, REASON.RetryBackoff)
  clear_deadlines(run, row)
  free_slot(run, row)
  end_log(run, row)
  close_attempt(run, row, a[at.removal_grace])
  archive.keep(run, row, JOB.FAILED, reason)
  archive.keep_runtime(run, row, a[at.runtime])
  new_section(row, s.attempt + 1, s.epoch, now, losses, failures).text = text
  set_deadline(run, row, '.b', now + backoff)
  emit_job('job.status', run, row)
  return { 'ok', s.attempt + 1 }
end
