-- report: a change of an attempt that is not its end; the phases are filled in as they come.
--
-- args   uid, index, attempt, epoch, owner, reason code, or '' where the reason stays, text, ages in ms of: scheduled, pulled, started (or ''),
--        the job's timeout, which counts from the start, and its pendingTimeout, which counts from the claim, in ms (or '')
-- reply  ok | stale
reads.report = 1
operations.report = function(a)
  local at = ARG.report
  local run, row, s = held(a)
  if not row or row.status ~= JOB.RUNNING then return { 'stale' } end
  local started_before = s.started
  set_phases(s, a[at.scheduled], a[at.pulled], a[at.started])
  if s.started == 0 then
    if a[at.pending_timeout] ~= '' then set_deadline(run, row, '.p', s.claimed + a[at.pending_timeout]) end
  else
    if has_flag(s, FLAG.DEADLINE) then drop_deadline(run, row, '.p') end
    if a[at.timeout] ~= '' then set_deadline(run, row, '.t', s.started + a[at.timeout]) end
  end
  local reason, text = a[at.reason] == '' and row.reason or a[at.reason], a[at.text]
  -- The reason is Starting from the claim on, and each adopter reports it again until the executor answers: no news.
  local is_news = a[at.reason] ~= REASON.Starting
  if row.reason == REASON.Canceling then
    -- The first sentence says why it is being stopped, and stays; what holds that up follows it.
    is_news = a[at.reason] == ''
    local why = string.match(s.text, '^[^.]*%.') or ''
    text = text == '' and why or why .. ' ' .. text
  end
  -- Only a phase is progress (see Crash loops), not the beginning or end of an outage.
  if (is_news and row.reason ~= reason) or s.started ~= started_before then s.adoptions = 0 end
  if is_news and (row.reason ~= reason or s.text ~= text) then
    row.reason = reason
    s.text = text
    emit_job('job.reason', run, row)
  end
  touch_row(run, row)
  return { 'ok' }
end
