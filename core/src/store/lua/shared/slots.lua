-- Slots: the slots of a run with maxParallel are a set of holders, `slots:UID`: the index of each
-- job that runs, by the time of its claim. A slot is taken with the claim and given back by whatever
-- ends or requeues the attempt; a backoff holds none.

local function slots_taken(run)
  if not run.slots_taken then run.slots_taken = redis.call('ZCARD', P .. 'slots:' .. run.uid) end
  return run.slots_taken
end

local function take_slot(run, row)
  if run.max_parallel == 0 then return end
  run.slots_taken = slots_taken(run) + 1
  append_to(changes.slots_added, run.uid, texts[now], texts[row.index])
end

local function free_slot(run, row)
  if run.max_parallel == 0 then return end
  run.slots_taken = slots_taken(run) - 1
  append_to(changes.slots_removed, run.uid, texts[row.index])
end
