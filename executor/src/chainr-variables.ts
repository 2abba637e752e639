import type { AttemptSpec } from './port.js';

/** The variables that every step on every executor gets. */
export const chainrVariables = (
  spec: AttemptSpec,
  step: string,
  { workspace, output }: { workspace: string; output: string },
): [string, string][] => [
  ['CHAINR_RUN', spec.run],
  ['CHAINR_JOB', spec.job],
  ['CHAINR_ATTEMPT', String(spec.attempt)],
  ['CHAINR_STEP', step],
  ['CHAINR_PIPELINE', spec.pipeline],
  ['CHAINR_WORKSPACE', workspace],
  ['CHAINR_OUTPUT', output],
];
