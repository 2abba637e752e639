import { join } from 'node:path';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import { chainrVariables } from '../chainr-variables.js';
import type { AttemptSpec } from '../port.js';
import { attemptFiles, stepFile, workspaceOf } from './attempt-folder.js';

/** What a worker passes on of its own environment; TMPDIR is a folder of the attempt. */
const passedOn = ['PATH', 'HOME', 'LANG'] as const;
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type Environment = Readonly<Record<string, string>>;

/** The environment in which supervisors run, and the part that all attempts have in common. */
export function baseEnvironment(worker: NodeJS.ProcessEnv): Environment {
  const base: Record<string, string> = { PATH: usualPath };
  for (const name of passedOn) {
    const value = worker[name];
    if (value) base[name] = value;
  }
  return base;
}

/** What a step gets on top of the base. Its own variables replace all but the CHAINR_ ones. */
export function stepEnvironment(spec: AttemptSpec, step: StepSpec, index: number, path: string): Map<string, string> {
  const places = { workspace: workspaceOf(path), output: join(path, stepFile(index, 'output')) };
  return new Map([
    ['TMPDIR', join(path, attemptFiles.temporary)],
    ...Object.entries(step.env),
    ...chainrVariables(spec, step.name, places),
  ]);
}
