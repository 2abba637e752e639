import type { Redis } from 'ioredis';

/** Settings under which Redis records every command of 1 ms and more. */
export const slowLogSettings = ['--slowlog-log-slower-than', '1000', '--slowlog-max-len', '10000'];

export interface SlowCommand {
  ms: number;
  /** The command; for a call of the library, the names of its operations. */
  what: string;
}

/** The commands that blocked Redis longest, slowest first. */
export async function readSlowLog(client: Redis): Promise<SlowCommand[]> {
  const entries = (await client.call('SLOWLOG', 'GET', '-1')) as [number, number, number, string[]][];
  return entries
    .map(([, , micros, args]) => ({ ms: micros / 1000, what: describeCall(args) }))
    .sort((one, other) => other.ms - one.ms);
}

const operations =
  /\b(create|claim|report|finish|retry|requeue|reopen|cancel|expire|close|append-log|renew|adopt|resume|redeliver|delete|remove|remove-logs)\b/g;

function describeCall(args: readonly string[]): string {
  const [command = '', , ...rest] = args;
  if (!/^eval(sha)?$/i.test(command)) return args.slice(0, 2).join(' ');
  return `${command.toLowerCase()} ${[...new Set(rest.join(' ').match(operations))].join(' ')}`;
}
