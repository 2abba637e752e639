import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AttemptKey } from '../port.js';

/**
 * The `CHAINR_` variables with which a process was begun; none if it may not be read. A process keeps them wherever it
 * goes, but it can begin another one without them.
 */
function chainrVariablesOf(pid: number): ReadonlyMap<string, string> {
  const text = readEnvironment(`/proc/${pid}/environ`);
  if (!text.includes('CHAINR_')) return new Map();
  return new Map(
    text.split('\0').flatMap((each): [string, string][] => {
      const [, name, value] = /^CHAINR_(\w+)=(.*)$/s.exec(each) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}

export function namesAttempt(pid: number, key: AttemptKey): boolean {
  const variables = chainrVariablesOf(pid);
  return (
    variables.get('RUN') === key.run &&
    variables.get('JOB') === key.job &&
    variables.get('ATTEMPT') === String(key.attempt)
  );
}

/** The folder of the attempt that a process belongs to, and the file for outputs of its step, which is in there. */
export function originOf(pid: number): { folder: string; output: string } | undefined {
  const output = chainrVariablesOf(pid).get('OUTPUT');
  return output === undefined ? undefined : { folder: dirname(output), output };
}

function readEnvironment(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended, or is another user's: neither says anything about an attempt of this one.
    return '';
  }
}
