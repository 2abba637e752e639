-- redeliver: hands an id out again whose message is lost or late, or met a worker without room (see Ready marks); twice does no
-- harm. It goes before the others of its priority, since it has waited longer.
--
-- args   uid, index, attempt, the pool in whose marks it stands
-- reply  ok | gone (nothing waits under this id: its mark is removed)
reads.redeliver = 1
operations.redeliver = function(a)
  local at = ARG.redeliver
  local run = load_run(a[at.uid])
  local row = run and load_row(run, a[at.index])
  local s = row and section_of(row)
  local waits = s and s.message > 0 and row.status == JOB.PENDING and row.unsatisfied == 0
  if not waits or s.attempt ~= a[at.attempt] then
    append_to(changes.marks_removed, a[at.pool], a[at.uid] .. '.' .. texts[a[at.index]] .. '.' .. texts[a[at.attempt]])
    return { 'gone' }
  end
  if not row.handed_out then
    row.handed_out = true
    row.came_back = 1
    list_handout(row)
    touch_row(run, row)
  end
  return { 'ok' }
end
