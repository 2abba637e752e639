import { join } from 'node:path';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import { chainrVariables } from '../../chainr-variables.js';
import type { AttemptSpec } from '../../port.js';
import { attemptFiles, stepFile, workspaceOf } from '../attempt-folder.js';

/** The variables of a worker that its attempts inherit. TMPDIR is a folder of the attempt. */
const passedOn = ['PATH', 'HOME', 'LANG'] as const;
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type Environment = Readonly<Record<string, string>>;

/** The environment of supervisors, and the part that all attempts have in common. */
export function baseEnvironment(worker: NodeJS.ProcessEnv): Environment {
  const base: Record<string, string> = { PATH: usualPath };
  for (const name of passedOn) {
    const value = worker[name];
    if (value) base[name] = value;
  }
  return base;
}

/** The variables of a step beyond the base. The step's own override everything but the `CHAINR_` ones. */
export function stepEnvironment(spec: AttemptSpec, step: StepSpec, index: number, path: string): Map<string, string> {
  const places = { workspace: workspaceOf(path), output: join(path, stepFile(index, 'output')) };
  return new Map([
    ['TMPDIR', join(path, attemptFiles.temporary)],
    ...Object.entries(step.env),
    ...chainrVariables(spec, step.name, places),
  ]);
}
