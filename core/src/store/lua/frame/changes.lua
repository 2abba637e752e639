-- What the operations of a call change, gathered while they run. `write.lua` writes it in the order of `WRITES`.
--
-- Members of sorted sets are gathered as ZADD and ZREM take them, in lists by executor, pool or run.
local function no_changes()
  return {
    runs = {}, -- Those of which the state or a row has changed.
    handouts = {}, -- Rows that were handed out, announced, or put into the backlog.
    events = {}, -- Packed, in their order.
    idempotency_keys = {}, -- By key, what it holds.
    fields = {}, -- { key, field, value } of hashes: attempts that others follow, outputs.
    logs = {}, -- By key (`append-log.lua`).
    logs_ended = {}, -- Keys: who follows these logs is told.
    log_bytes = 0, -- How many more bytes of logs are stored than before.
    leases_added = {},
    leases_removed = {},
    deadlines_added = {},
    deadlines_removed = {},
    stops = {}, -- By executor and id, what is to stand in `stops:EXECUTOR`.
    stops_removed = {},
    stops_announced = {}, -- Executors whose workers are to look.
    slots_added = {},
    slots_removed = {},
    executors_seen = {}, -- By executor, when a worker of it was seen.
    marks_added = {},
    marks_removed = {},
    removals_due = {},
    clock_seen = false, -- The deadlines were looked through: a witness that time has passed (`clock.lua`).
    removals = {}, -- Functions that remove runs and logs (`removals.lua`).
  }
end
