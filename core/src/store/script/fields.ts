/**
 * The fields of the packed records in Redis: the one place that says what they hold, in which order and form. Numbers are
 * big-endian; `bytes8` and `bytes16` are as many bytes as a u8 or u16 before them says. From these tables come the Lua that
 * packs and unpacks the records (`lua-records.ts`) and the offsets that TypeScript reads by (`layout.ts`). A change of them
 * is a change of the state format (`check-server.ts`). Times are milliseconds since 1970 by the clock of Redis; 0: not yet.
 */
export interface Field {
  readonly name: string;
  readonly as: 'u8' | 'u16' | 'u32' | 'u48' | 'bytes8' | 'bytes16';
  readonly doc: string;
}

/** The field `state` of a run. */
export const runFields = [
  { name: 'status', as: 'u8', doc: 'A code of `runStatuses`.' },
  { name: 'flags', as: 'u8', doc: '`runFlags`' },
  { name: 'priority', as: 'u8', doc: 'From 0; 100 is the usual one.' },
  { name: 'max_parallel', as: 'u16', doc: '0: no limit.' },
  { name: 'pending', as: 'u16', doc: 'How many jobs are PENDING.' },
  { name: 'running', as: 'u16', doc: 'How many jobs are RUNNING.' },
  { name: 'successful', as: 'u16', doc: 'How many jobs are SUCCESSFUL.' },
  { name: 'failed_jobs', as: 'u16', doc: 'How many jobs are FAILED.' },
  { name: 'skipped', as: 'u16', doc: 'How many jobs are SKIPPED.' },
  { name: 'canceled', as: 'u16', doc: 'How many jobs are CANCELED.' },
  { name: 'failed', as: 'u16', doc: 'How many jobs have FAILED that decide the verdict.' },
  { name: 'open', as: 'u16', doc: 'Attempts that are claimed and not closed.' },
  {
    name: 'queued',
    as: 'u16',
    doc: 'Ids that are handed out and not claimed; if jobs have pools of their own, `pools` has this and the next.',
  },
  { name: 'backlog', as: 'u16', doc: 'Ready jobs that are not handed out.' },
  { name: 'todo', as: 'u16', doc: 'Items of `todo:UID`.' },
  { name: 'sequence', as: 'u48', doc: 'Rises with each run that is created.' },
  { name: 'created', as: 'u48', doc: 'Time.' },
  { name: 'started', as: 'u48', doc: 'Time of the first claim.' },
  { name: 'ended', as: 'u48', doc: 'Time.' },
  { name: 'cancel_requested', as: 'u48', doc: 'Time.' },
  { name: 'timed_out', as: 'u48', doc: 'When its own timeout had passed.' },
  { name: 'pool', as: 'bytes8', doc: 'The pool of its jobs that have none of their own. ASCII.' },
] as const satisfies readonly Field[];

/** How a job stands; from the first time that it is ready, `attemptFields` follow. */
export const rowFields = [
  { name: 'status', as: 'u8', doc: 'A code of `jobStatuses`.' },
  { name: 'reason', as: 'u8', doc: 'A code of `reasons`.' },
  { name: 'unsatisfied', as: 'u16', doc: 'Edges that are not yet satisfied.' },
  { name: 'name', as: 'bytes8', doc: 'ASCII.' },
] as const satisfies readonly Field[];

/** The current or last attempt of a job. */
export const attemptFields = [
  { name: 'attempt', as: 'u16', doc: 'Its number, from 1.' },
  { name: 'epoch', as: 'u32', doc: 'Rises with each lease of the job.' },
  { name: 'flags', as: 'u8', doc: '`attemptFlags`' },
  { name: 'exit', as: 'u16', doc: 'Exit code; `noExitCode`: none.' },
  { name: 'executor', as: 'u32', doc: 'The number of the executor that it was claimed for.' },
  { name: 'message', as: 'u48', doc: 'The id of the message that carries it; 0: none.' },
  { name: 'losses', as: 'u8', doc: 'How many attempts of the job infrastructure took.' },
  { name: 'failures', as: 'u8', doc: "How many of the user's retries are used up." },
  { name: 'adoptions', as: 'u8', doc: 'Adoptions in a row after owners that died soon (see Crash loops).' },
  {
    name: 'starts',
    as: 'u8',
    doc: 'How many containers, services first and then steps, may have been started: recorded before each start (see Started once).',
  },
  { name: 'adopted', as: 'u48', doc: 'Time of the last adoption.' },
  { name: 'created', as: 'u48', doc: 'Time; from here on the phases, in the order of `phases`.' },
  { name: 'queued', as: 'u48', doc: 'Time.' },
  { name: 'claimed', as: 'u48', doc: 'Time.' },
  { name: 'scheduled', as: 'u48', doc: 'Time.' },
  { name: 'pulled', as: 'u48', doc: 'Time.' },
  { name: 'started', as: 'u48', doc: 'Time.' },
  { name: 'ended', as: 'u48', doc: 'Time.' },
  { name: 'closed', as: 'u48', doc: 'Time.' },
  { name: 'owner', as: 'bytes8', doc: 'The token of the process that holds the lease.' },
  { name: 'text', as: 'bytes16', doc: 'UTF-8; empty: the sentence of the reason.' },
  { name: 'steps', as: 'bytes16', doc: 'JSON of the outcomes of the steps; may be empty.' },
] as const satisfies readonly Field[];

export const widths = { u8: 1, u16: 2, u32: 4, u48: 6 } as const;

type FixedName<F extends Field> = F extends { as: keyof typeof widths } ? F['name'] : never;

/** Where each number of a record begins, in bytes; and `fixed`, where its numbers end. */
export function offsetsOf<const F extends Field>(fields: readonly F[]): Record<FixedName<F> | 'fixed', number> {
  const offsets: Record<string, number> = {};
  let at = 0;
  for (const { name, as } of fields) {
    if (as === 'bytes8' || as === 'bytes16') break;
    offsets[name] = at;
    at += widths[as];
  }
  return { ...offsets, fixed: at } as Record<FixedName<F> | 'fixed', number>;
}
