import type { Reason } from './reasons.js';
import type { JobStatus } from './states.js';

/** How a job stands when its run is made. */
export interface InitialJobState {
  status: Extract<JobStatus, 'PENDING' | 'SUCCESSFUL' | 'SKIPPED'>;
  reason: Reason;
  /** Edges that are not yet satisfied; 0 for what is ready, or final. */
  unsatisfied: number;
}

/** The jobs of a run that takes nothing over, by their index. @param dependencyCounts of each job */
export const initialJobStates = (dependencyCounts: readonly number[]): InitialJobState[] =>
  dependencyCounts.map(waiting);

export const waiting = (unsatisfied: number): InitialJobState => ({
  status: 'PENDING',
  reason: unsatisfied > 0 ? 'WaitingForDependencies' : 'Queued',
  unsatisfied,
});
