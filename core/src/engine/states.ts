/**
 * The state machine of runs and jobs: the one table from which the scripts in Redis take their
 * guard, the documentation its diagrams, and the API its types.
 */

export const runStatuses = ['PENDING', 'RUNNING', 'SUCCESSFUL', 'FAILED', 'CANCELED'] as const;
export type RunStatus = (typeof runStatuses)[number];

/** The order is the code that is stored in Redis: append only. */
export const jobStatuses = ['PENDING', 'RUNNING', 'SUCCESSFUL', 'FAILED', 'SKIPPED', 'CANCELED'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** From each status of a run, the statuses that it may become. */
export const runTransitions: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  PENDING: ['RUNNING', 'FAILED', 'CANCELED'],
  RUNNING: ['SUCCESSFUL', 'FAILED', 'CANCELED'],
  SUCCESSFUL: [],
  FAILED: [],
  CANCELED: [],
};

/**
 * From each status of a job, the statuses that it may become. RUNNING → PENDING is an automatic
 * retry or the loss of infrastructure, and never goes through FAILED; FAILED and SKIPPED →
 * PENDING is a retry by hand in a live run.
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
