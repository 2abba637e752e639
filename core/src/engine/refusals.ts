/** Every refusal of a use case, with its meaning for the caller. Printed in the documentation. */
const table = {
  'no-run': 'The run does not exist.',
  'no-job': 'The run has no such job.',
  'invalid-pipeline': 'The pipeline has mistakes.',
  'unknown-jobs': 'Some of the named jobs do not exist in the run.',
  'key-reused': 'The idempotency key was used for another request.',
  'external-id-taken': 'The external id belongs to a run with another pipeline.',
  'client-gone': 'The client closed the connection; nothing was stored.',
  'nothing-failed': 'No job of the run FAILED or was CANCELED.',
  'not-reusable': 'A job that would not run again has ended, but its result cannot be reused.',
  'nothing-to-run': 'The conditions of every chosen job would skip it again.',
  live: 'The run, or a job that would be reused, has not ended.',
  ended: 'The run has ended, or is ending.',
  'log-open': 'The end of a log is still being stored; the same request succeeds in a moment.',
  'not-failed': 'The job is not FAILED.',
  'dependents-begun': 'A job that depends on the job has already started.',
  'too-many-dependents': 'More jobs depend on the job than can be reset.',
} as const;

export type RefusalKind = keyof typeof table;

export const refusals: Readonly<Record<RefusalKind, string>> = table;
