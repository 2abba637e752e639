import type { Reason } from './reasons.js';
import type { JobStatus } from './states.js';

/** The state of a job when its run is created. */
export interface InitialJobState {
  status: Extract<JobStatus, 'PENDING' | 'SUCCESSFUL' | 'SKIPPED'>;
  reason: Reason;
  /** Edges that are not yet satisfied; 0 if the job is ready or final. */
  unsatisfied: number;
}

/**
 * The initial states of a run that reuses nothing, by index.
 * @param dependencyCounts of each job
 */
export const initialJobStates = (dependencyCounts: readonly number[]): InitialJobState[] =>
  dependencyCounts.map(waiting);

export const waiting = (unsatisfied: number): InitialJobState => ({
  status: 'PENDING',
  reason: unsatisfied > 0 ? 'WaitingForDependencies' : 'Queued',
  unsatisfied,
});
