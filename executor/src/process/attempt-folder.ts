import { join } from 'node:path';
import type { AttemptKey } from '../port.js';

/** The names of an attempt's files. `supervisor.sh` describes each, and the order in which they appear. */
export const attemptFiles = {
  started: 'started',
  stop: 'stop',
  exit: 'exit',
  workspace: 'workspace',
  temporary: 'tmp',
  claimPrefix: 'claim.',
} as const;

export type StepFile = 'group' | 'started' | 'config' | 'exit' | 'lost' | 'output';

export const stepFile = (index: number, file: StepFile): string => `${index}.${file}`;

/** The file in a run's folder with the id of the instance that the run belongs to. */
export const instanceFile = 'instance';

const runPattern = /^[0-9A-Za-z][0-9A-Za-z-]{0,127}$/;
const jobPattern = /^[0-9a-z]([0-9a-z-]{0,61}[0-9a-z])?$/;
const attemptPattern = /^[1-9][0-9]{0,8}$/;

/**
 * The attempt's folder relative to the folder of all attempts: `<run>/<job>/<attempt>`. Throws if a part of the key is
 * not a valid name.
 */
export function attemptFolder(key: AttemptKey): string {
  const folder = `${key.run}/${key.job}/${key.attempt}`;
  if (!parseAttemptFolder(key.run, key.job, String(key.attempt)))
    throw new Error(`${folder} does not name an attempt.`);
  return folder;
}

/** The key of such a folder; undefined for anything else. */
export function parseAttemptFolder(run: string, job: string, attempt: string): AttemptKey | undefined {
  const valid = runPattern.test(run) && jobPattern.test(job) && attemptPattern.test(attempt);
  return valid ? { run, job, attempt: Number(attempt) } : undefined;
}

export const workspaceOf = (path: string): string => join(path, attemptFiles.workspace);
