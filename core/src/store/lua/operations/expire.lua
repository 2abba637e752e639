-- expire: carries out deadlines that are due (see Deadlines and retries). Called by whoever comes by, as often as they like.
--
-- args   how many at most
-- reply  how many were due, of those the age in ms of the oldest, then the runs of which some is left for `resume`
operations.expire = function(a)
  local at = ARG.expire
  changes.clock_seen = true
  local due = redis.call('ZRANGE', P .. 'deadlines', '-inf', texts[now], 'BYSCORE', 'LIMIT', 0, a[at.limit], 'WITHSCORES')
  local reply = { #due / 2, due[2] and now - tonumber(due[2]) or 0 }
  for i = 1, #due, 2 do
    local uid, index, attempt, kind = string.match(due[i], '^([^.]+)%.(%d+)%.(%d+)%.(%a)$')
    append(changes.deadlines_removed, due[i])
    local run = load_run(uid)
    if run and kind == 'r' then
      local _, more = request_end(run, 'timed_out')
      if more then reply[#reply + 1] = uid end
    end
    local row = run and load_row(run, tonumber(index))
    local s = row and section_of(row)
    if s and s.attempt == tonumber(attempt) then
      if kind == 'b' then
        local ending = is_ending(run)
        if row.status == JOB.PENDING and row.reason == REASON.RetryBackoff and not ending then
          row.reason = REASON.Queued
          s.text = ''
          make_ready(run, row, true)
        end
      elseif row.status == JOB.RUNNING and kind ~= 'r' and not stop_reason(run, s) then
        if kind == 't' then
          request_stop(run, row, FLAG.TIMED_OUT, 'Its timeout has passed; it is being stopped.')
        elseif s.started == 0 then
          request_stop(run, row, FLAG.PENDING_TIMED_OUT, 'It did not start within its pendingTimeout; it is being stopped.')
        end
      end
    end
  end
  return reply
end
