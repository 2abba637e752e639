-- The run is to end (see Cancels and stops, Deadlines and retries): cancels a job that does not run, asks for the stop of one
-- that runs.
local function end_open_job(run, row)
  local reason = run.cancel_requested > 0 and REASON.CanceledByUser or REASON.RunTimedOut
  if row.status == JOB.PENDING then
    local s = section_of(row)
    if s then
      clear_mark(run, row)
      if row.reason == REASON.RetryBackoff then drop_deadline(run, row, '.b') end
      s.text = ''
    end
    set_status(run, row, JOB.CANCELED, reason)
    emit_job('job.status', run, row)
    budget.edges = budget.edges - COST.ended
  elseif row.status == JOB.RUNNING and row.reason ~= REASON.Canceling then
    section_of(row)
    request_stop(run, row, 0, reason == REASON.CanceledByUser and 'A cancel was requested; it is being stopped.'
      or 'The timeout of its run has passed; it is being stopped.')
    budget.edges = budget.edges - COST.ended
  end
end

-- Ends all open jobs from an index on; the item of `todo` has OPEN_JOBS in place of a job and that index in place of an edge.
-- A job that becomes ready behind this place is not claimed any more. It ends here, or with its dependency.
local function end_open_jobs(run, item)
  local count = run[0] + run[1] + run[2] + run[3] + run[4] + run[5]
  while item[2] < count and budget.edges > 0 do
    local upto = math.min(count, item[2] + math.min(budget.edges, LIMIT.edges_page))
    local indexes = {}
    for index = item[2], upto - 1 do indexes[#indexes + 1] = index end
    load_rows(run, indexes)
    budget.edges = budget.edges - #indexes
    for i = 1, #indexes do end_open_job(run, run.rows[indexes[i]]) end
    item[2] = upto
  end
  return item[2] == count
end
