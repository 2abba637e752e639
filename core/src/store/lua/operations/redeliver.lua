-- redeliver: hands an id out again whose message is lost or late, or met a worker without room (see Ready marks); twice does no
-- harm. It goes before the others of its priority, since it has waited longer.
--
-- args   uid, index, attempt, kind code
-- reply  ok | gone (nothing waits under this id: its mark is removed)
reads.redeliver = 1
operations.redeliver = function(a)
  local run = load_run(a[1])
  local row = run and load_row(run, a[2])
  local s = row and section_of(row)
  local waits = s and s.message > 0 and row.status == JOB.PENDING and row.unsatisfied == 0
  if not waits or s.attempt ~= a[3] then
    append_to(changes.marks_removed, a[4], a[1] .. '.' .. texts[a[2]] .. '.' .. texts[a[3]])
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
