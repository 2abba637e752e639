-- append-log: stores bytes at the end of an attempt's log, the frames that say where they come from
-- (`log-format.ts`), and the executor's position after them (see Resent calls).
--
-- args   uid, index, attempt, epoch, owner, expected length, bytes, frames, position, 1 when the log ends
-- reply  ok length | stale | length actual-length position | full length position
--
-- Length, position and bytes go together, so that whoever adopts reads on exactly where the last
-- stored byte was read. A log without a byte has no keys: its end mark is in the row. The first few frames stand in
-- the hash, so that a short log needs no key for them.
--
-- Full store: all logs together have a quota. What leaves the position where it is comes from chainr itself, such as
-- the mark of a cut, and always fits.
reads['append-log'] = 1
operations['append-log'] = function(a)
  local at = ARG['append-log']
  local run, row, s = held(a)
  if not row or s.flags % 2 == 1 then return { 'stale' } end
  local log = load_log(log_key(a[at.uid], a[at.index], a[at.attempt]))
  if log.length ~= a[at.length] then return { 'length', log.length, log.position } end
  local moved = a[at.position] ~= log.position
  if a[at.bytes] ~= '' and moved and not has_room(#a[at.bytes] + #a[at.frames]) then return { 'full', log.length, log.position } end
  if s.adoptions > 0 and (a[at.bytes] ~= '' or moved) then
    s.adoptions = 0 -- Progress (see Crash loops).
    touch_row(run, row)
  end
  if a[at.ends] == 1 then
    s.flags = s.flags + FLAG.LOG_ENDED
    touch_row(run, row)
    log.ended = true
  end
  if a[at.bytes] ~= '' then
    log.bytes[#log.bytes + 1] = a[at.bytes]
    log.frames[#log.frames + 1] = a[at.frames]
    log.length = log.length + #a[at.bytes]
    changes.log_bytes = changes.log_bytes + #a[at.bytes] + #a[at.frames]
    log.grown = true
  end
  if a[at.bytes] ~= '' or moved then
    log.position = a[at.position]
    log.changed = true
  end
  return { 'ok', log.length }
end
