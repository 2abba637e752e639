import type { Redis } from 'ioredis';

/** Settings under which Redis remembers every command of 1 ms and more. */
export const slowLogSettings = ['--slowlog-log-slower-than', '1000', '--slowlog-max-len', '10000'];

export interface SlowCommand {
  ms: number;
  /** The command, and for a call of the script the names of its operations. */
  what: string;
}

/** The commands that held Redis longest, the slowest first. */
export async function readSlowLog(client: Redis): Promise<SlowCommand[]> {
  const entries = (await client.call('SLOWLOG', 'GET', '-1')) as [number, number, number, string[]][];
  return entries
    .map(([, , micros, args]) => ({ ms: micros / 1000, what: describeCall(args) }))
    .sort((one, other) => other.ms - one.ms);
}

function describeCall(args: readonly string[]): string {
  const [command = ''] = args;
  if (!/^evalsha?$/i.test(command)) return args.slice(0, 2).join(' ');
  const operations = args.slice(6).filter((arg) => /^[a-z-]{5,12}$/.test(arg) && arg !== 'driver');
  return `${command.toLowerCase()} ${[...new Set(operations)].join(' ')}`;
}
