import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AttemptKey } from '../../port.js';

/**
 * The `CHAINR_` variables with which a process was started; none if they cannot be read. A process keeps them wherever
 * it goes, but can start another one without them.
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

/** The attempt's folder of a process, and the output file of its step in that folder. */
export function originOf(pid: number): { folder: string; output: string } | undefined {
  const output = chainrVariablesOf(pid).get('OUTPUT');
  return output === undefined ? undefined : { folder: dirname(output), output };
}

function readEnvironment(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended, or belongs to another user: either way it is not part of an attempt here.
    return '';
  }
}
