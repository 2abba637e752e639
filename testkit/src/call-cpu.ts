import { composeLibrary, libraryText } from '@chainr/core/store/script/library';
import type { Redis } from 'ioredis';

const key = 'test:cpu';

/** Registered in place of `run_call`. Redis' own clock counts what other processes do in between, too; this does not. */
const measuring = `
local function cpu_us()
  local total = 0
  for seconds in string.gmatch(redis.call('INFO', 'cpu'), 'used_cpu_%a+_main_thread:(%d+%.%d+)') do
    total = total + tonumber(seconds)
  end
  return total * 1000000
end
local function run_measured(keys, args)
  local before = cpu_us()
  local reply = run_call(keys, args)
  local used, requests, counts, names = cpu_us() - before, cmsgpack.unpack(args[3]), {}, {}
  for i = 1, #requests, 2 do counts[requests[i]] = (counts[requests[i]] or 0) + 1 end
  for name, count in pairs(counts) do names[#names + 1] = count .. ' ' .. name end
  redis.call('ZADD', '${key}', 'GT', used, table.concat(names, ', '))
  return reply
end
`;

export interface CostlyCall {
  /** Of the thread of Redis that runs commands. */
  cpuMs: number;
  /** How many of which operations, as in `2 claim, 1 finish`. */
  what: string;
}

/** From now on Redis records how much CPU time calls of the library take. */
export async function measureCalls(client: Redis): Promise<void> {
  const code = libraryText(composeLibrary());
  const at = code.indexOf('redis.register_function');
  const registered = code.slice(at).replaceAll('run_call', 'run_measured');
  await client.call('FUNCTION', 'LOAD', 'REPLACE', `${code.slice(0, at)}${measuring}${registered}`);
}

/** The calls that took most since then, the most costly first. */
export async function readCostlyCalls(client: Redis): Promise<CostlyCall[]> {
  const found = await client.zrange(key, 0, '-1', 'REV', 'WITHSCORES');
  if (found.length === 0) throw new Error('no call was measured');
  return found.flatMap((what, at) => (at % 2 === 0 ? [{ what, cpuMs: Number(found[at + 1]) / 1000 }] : []));
}
