/** A mistake in the library: `right`, which occurs in it once, is replaced by `wrong`. */
export interface Mistake {
  what: string;
  right: string;
  wrong: string;
  /** It shows only if the limits of a call are small. */
  small?: boolean;
}

/** Each breaks an invariant or a rule; random histories must notice every one of them. */
export const mistakes: readonly Mistake[] = [
  {
    what: 'an attempt that ends keeps its slot (Sets of holders)',
    right: '  free_slot(run, row)\n  if status == JOB.FAILED',
    wrong: '  if status == JOB.FAILED',
  },
  {
    what: 'an attempt that is tried again keeps its slot (Sets of holders)',
    right:
      '  free_slot(run, row)\n  end_log(run, row)\n  close_attempt(run, row, a[at.removal_grace])\n  archive.keep(run, row, JOB.FAILED, reason)',
    wrong:
      '  end_log(run, row)\n  close_attempt(run, row, a[at.removal_grace])\n  archive.keep(run, row, JOB.FAILED, reason)',
  },
  {
    what: 'a claim takes no slot (Sets of holders)',
    right: '  append_to(changes.slots_added, run.uid, texts[now], texts[row.index])',
    wrong: '',
  },
  {
    what: 'a job that waits for a slot is forgotten (Every run ends)',
    right: 'if count > 0 then take_from_backlog(run, slice, count) end',
    wrong: '',
  },
  {
    what: 'a job is claimed in a run that is ending (Cancels and stops)',
    right: "  if is_ending(run) then return { 'canceled' } end\n  local s = section_of(row)",
    wrong: '  local s = section_of(row)',
    small: true,
  },
  {
    what: 'a running job is not stopped (Cancels and stops)',
    right: 'elseif row.status == JOB.RUNNING and row.reason ~= REASON.Canceling then',
    wrong: 'elseif false then',
  },
  {
    what: 'a backoff outlasts the cancel (Cancels and stops)',
    right: "if row.reason == REASON.RetryBackoff then drop_deadline(run, row, '.b') end",
    wrong: '',
  },
  {
    what: 'the last request decides, not the first (Causes)',
    right:
      '  if has_flag(s, FLAG.TIMED_OUT) then return JOB.FAILED, REASON.TimedOut end\n  if has_flag(s, FLAG.PENDING_TIMED_OUT) then return JOB.FAILED',
    wrong: '  if false then return JOB.FAILED',
  },
  {
    what: 'a skipped job has no event (Gapless events)',
    right: "REASON.ConditionNotMet)\n  end\n  emit_job('job.status', run, row)",
    wrong: 'REASON.ConditionNotMet)\n  end',
  },
  {
    what: 'the end of a run has two events (Gapless events)',
    right: '  run.status = status\n  touch_run(run)\n  emit_run(run)',
    wrong: '  run.status = status\n  touch_run(run)\n  emit_run(run)\n  emit_run(run)',
  },
  {
    what: 'a report of a former owner is accepted (Old leases)',
    right: ' or s.epoch ~= a[at.epoch] or s.owner ~= a[at.owner]',
    wrong: '',
  },
  {
    what: 'an adoption does not raise the epoch (Old leases)',
    right: '  s.epoch = s.epoch + 1\n  s.owner = a[at.new_owner]',
    wrong: '  s.owner = a[at.new_owner]',
  },
  {
    what: 'a lease is adopted before it expires (Leases)',
    right: "if a[at.owner_gone] ~= 1 and expiry > now then return { 'held' } end",
    wrong: '',
  },
  {
    what: 'retries are not counted (Deadlines and retries)',
    right: 'failures = failures + 1',
    wrong: '',
  },
  {
    what: 'backoffs do not grow (Deadlines and retries)',
    right: 'first * factor ^ s.failures',
    wrong: 'first',
  },
  {
    what: 'a backoff is a millisecond short (Deadlines and retries)',
    right: "set_deadline(run, row, '.b', now + backoff)",
    wrong: "set_deadline(run, row, '.b', now + backoff - 1)",
  },
  {
    what: 'the timeout of a run is forgotten (Deadlines and retries)',
    right: "if run and kind == 'r' then",
    wrong: 'if false then',
  },
  {
    what: 'the deadline of a run outlasts it (Every run ends)',
    right: 'if bit.band(run.flags, RUN_FLAG.TIMEOUT) > 0 then append',
    wrong: 'if false then append',
  },
  {
    what: 'a retry by hand runs its dependents again (Retry by hand)',
    right: 'if section and section.epoch > 0 then',
    wrong: 'if false then',
  },
  {
    what: 'a retry by hand leaves its dependents skipped (Retry by hand)',
    right: '  if skipped then\n    set_status',
    wrong: '  if false then\n    set_status',
  },
  {
    what: 'a retry by hand leaves the marks of its dependents (Retry by hand)',
    right: '      clear_mark(run, row)\n      row.handed_out = false',
    wrong: '      row.handed_out = false',
  },
  {
    what: 'a claim goes before a waiting job of higher priority (Priorities)',
    right: '  if must_give_way(run, row) then return park(run, row) end',
    wrong: '',
  },
  {
    what: 'dependents are claimed with an end in the order of the pipeline (Priorities)',
    right: '    return first > second',
    wrong: '    return one.index < other.index',
  },
  {
    what: 'more jobs are handed out than there are slots (Slots)',
    right: 'local room = slice.backlog == 0 and run.todo == 0 and room_of(run, slice) or 0',
    wrong: 'local room = #rows',
  },
  {
    what: 'a job waits for a free slot until the next call (Slots)',
    right: 'local count = math.min(room, slice.backlog, ',
    wrong: 'local count = math.min(1, room, slice.backlog, ',
  },
  {
    what: 'the worker of an interrupted attempt is told no later reason (Cancels and stops)',
    right: 'texts[stop_reason(run, s)] .. (told_at or ',
    wrong: '(told_at and texts[REASON.Interrupted] or texts[stop_reason(run, s)]) .. (told_at or ',
  },
  {
    what: 'one pool takes the slots of another (Pools)',
    right: 'return math.min(room, run.max_parallel - slots_taken(run) - slice.queued)',
    wrong:
      'local all = 0 pools.each_slice(run, function(_, each) all = all + each.queued end) return math.min(room, run.max_parallel - slots_taken(run) - all)',
  },
  {
    what: 'jobs of two pools take one slot (Slots)',
    right: '  if run.max_parallel > 0 and slots_taken(run) >= run.max_parallel then return park(run, row) end',
    wrong: '',
  },
  {
    what: 'only one pool gets what waits when its turn comes (Pools)',
    right: '  for i = 1, #changes.runs do pools.each_slice(changes.runs[i], write_backlog) end',
    wrong:
      '  for _, run in ipairs(changes.runs) do write_backlog(run, pools.differ(run) and pools.slices(run)[1] or run) end',
  },
  {
    what: 'the slices of the pools are not stored (Pools)',
    right: "  if run.slices then append(fields, 'pools', pools.pack(run.slices)) end",
    wrong: "  if run.is_new and run.slices then append(fields, 'pools', run.pools) end",
  },
  {
    what: 'a cancel leaves what waits in a pool (Pools)',
    right: '  pools.each_slice(run, function(_, slice)\n    slice.queued, slice.backlog',
    wrong: '  pools.each_slice({ flags = 0 }, function(_, slice)\n    slice.queued, slice.backlog',
  },
  {
    what: 'a paused instance claims',
    right: "if paused then return { 'paused' } end",
    wrong: '',
  },
];
