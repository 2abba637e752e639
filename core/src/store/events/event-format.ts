import type { ChainrEvent, Cursor } from '../../engine/records.js';
import { reasons, sentenceOf } from '../../engine/reasons.js';
import { jobStatuses, runStatuses } from '../../engine/states.js';
import { noExitCode } from '../script/layout.js';
import { parseRunInfo } from '../runs/run-info.js';

/**
 * Parses an event as `lua/frame/guard.lua` and `lua/operations/create.lua` write it: fields joined by the unit
 * separator. Only the last field may contain anything.
 *
 *     run.created time uid jobs info-JSON
 *     run.status  time uid status-code
 *     job.status, job.reason  time uid name attempt status-code reason-code exit-code text
 */
export function parseEvent(cursor: Cursor, packed: string): ChainrEvent {
  const fields = packed.split('\x1f');
  const [kind = '', time, run = ''] = fields;
  const head = { cursor, time: Number(time), run };
  if (kind === 'run.created') {
    const { name } = parseRunInfo(fields.slice(4).join('\x1f'));
    return { kind, ...head, ...(name === undefined ? {} : { name }), jobCount: Number(fields[3]) };
  }
  if (kind === 'run.status') return { kind, ...head, status: coded(runStatuses, fields[3]) };
  if (kind !== 'job.status' && kind !== 'job.reason')
    throw new RangeError(`event ${cursor} has the unknown kind ${kind}`);
  const [, , , job = '', attempt, status, reasonCode, exitCode] = fields;
  const text = fields.slice(8).join('\x1f');
  const reason = coded(reasons, reasonCode);
  const code = Number(exitCode) === noExitCode ? undefined : Number(exitCode);
  return {
    kind,
    ...head,
    job,
    attempt: Number(attempt),
    status: coded(jobStatuses, status),
    reason,
    message: text === '' ? sentenceOf(reason, code) : text,
    ...(code === undefined ? {} : { exitCode: code }),
  };
}

function coded<T>(list: readonly T[], code: string | undefined): T {
  const value = list[Number(code)];
  if (value === undefined) throw new RangeError(`code ${String(code)} is unknown: written by a newer version?`);
  return value;
}
