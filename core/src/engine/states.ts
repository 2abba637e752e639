/**
 * The state machine of runs and jobs. From this one table come the guard of the library in Redis, the diagrams in the
 * documentation, and the API's types.
 */

export const runStatuses = ['PENDING', 'RUNNING', 'SUCCESSFUL', 'FAILED', 'CANCELED'] as const;
export type RunStatus = (typeof runStatuses)[number];

/** The order is the code stored in Redis: append only. */
export const jobStatuses = ['PENDING', 'RUNNING', 'SUCCESSFUL', 'FAILED', 'SKIPPED', 'CANCELED'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** The statuses that may follow each status of a run. */
export const runTransitions: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  PENDING: ['RUNNING', 'FAILED', 'CANCELED'],
  RUNNING: ['SUCCESSFUL', 'FAILED', 'CANCELED'],
  SUCCESSFUL: [],
  FAILED: [],
  CANCELED: [],
};

/**
 * The statuses that may follow each status of a job. RUNNING → PENDING is an automatic retry or an infrastructure
 * failure, and never passes through FAILED; FAILED and SKIPPED → PENDING is a retry by hand in a live run.
 */
export const jobTransitions: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  PENDING: ['RUNNING', 'SKIPPED', 'CANCELED'],
  RUNNING: ['SUCCESSFUL', 'FAILED', 'CANCELED', 'PENDING'],
  SUCCESSFUL: [],
  FAILED: ['PENDING'],
  SKIPPED: ['PENDING'],
  CANCELED: [],
};

export const isFinalRun = (status: RunStatus): boolean => runTransitions[status].length === 0;

export const isFinalJob = (status: JobStatus): boolean => status !== 'PENDING' && status !== 'RUNNING';
