-- cancel: a person wants the run to end (see Cancels and stops). The request is state, and the first one stands.
--
-- args   uid
-- reply  ok more | unchanged (it is final, or has been asked to end before) | gone
--
-- What does not run becomes CANCELED, what runs is to be stopped by whoever holds its lease. `more`: some of that is
-- left for `resume`.
operations.cancel = function(a)
  local at = ARG.cancel
  local run = load_run(a[at.uid])
  if not run then return { 'gone' } end
  local recorded, more = request_end(run, 'cancel_requested')
  if not recorded then return { 'unchanged' } end
  return { 'ok', more and 1 or 0 }
end
