-- resume: goes on with the edges that a call left behind (see Bounded calls).
--
-- args   uid
-- reply  more (0|1)
operations.resume = function(a)
  local at = ARG.resume
  local run = load_run(a[at.uid])
  if not run or run.todo == 0 then return { 0 } end
  return { resolve(run, {}) and 1 or 0 }
end
