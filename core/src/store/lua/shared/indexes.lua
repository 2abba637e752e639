-- The indexes that lists of runs are read from: sorted sets of uids by creation sequence. Each call keeps those that it
-- affects. PENDING runs are in no index of their status: they are the rest of `live`, so a new run costs nothing here.
-- A run is also in `live:POOL` of each pool that its jobs are in; `pools` names those of all runs.
--
-- The indexes of a run that never change come with the operation, a line each: `name:NAME`, `external:ID`, `label:KEY=VALUE`.
local function index_created(run)
  redis.call('ZADD', P .. 'live', run.sequence, run.uid)
  pools.each_slice(run, function(_, slice)
    redis.call('ZADD', P .. 'live:' .. slice.pool, run.sequence, run.uid)
    redis.call('SADD', P .. 'pools', slice.pool)
  end)
  for index in string.gmatch(run.indexes, '[^\n]+') do
    redis.call('ZADD', P .. index, run.sequence, run.uid)
    if string.sub(index, 1, 5) == 'name:' then redis.call('ZADD', P .. 'names', 0, string.sub(index, 6)) end
  end
end

local function index_status(run)
  if run.final then
    redis.call('ZREM', P .. 'live', run.uid)
    pools.each_slice(run, function(_, slice) redis.call('ZREM', P .. 'live:' .. slice.pool, run.uid) end)
    redis.call('ZREM', P .. 'status:RUNNING', run.uid)
    redis.call('ZADD', P .. 'status:' .. RUN_NAME[run.status], run.sequence, run.uid)
    redis.call('ZADD', P .. 'ended', texts[run.ended], run.uid)
  elseif run.status == RUN.RUNNING and run.started == now then
    redis.call('ZADD', P .. 'status:RUNNING', run.sequence, run.uid)
  end
end

-- Of a final run.
local function remove_from_indexes(run, indexes)
  redis.call('ZREM', P .. 'runs', run.uid)
  redis.call('ZREM', P .. 'status:' .. RUN_NAME[run.status], run.uid)
  redis.call('ZREM', P .. 'ended', run.uid)
  for index in string.gmatch(indexes, '[^\n]+') do
    redis.call('ZREM', P .. index, run.uid)
    if string.sub(index, 1, 5) == 'name:' and redis.call('EXISTS', P .. index) == 0 then
      redis.call('ZREM', P .. 'names', string.sub(index, 6))
    end
  end
end
