import type { JobStatus } from './states.js';

/** The retry budget that a failure with this reason uses. */
export type RetryBudget = 'user' | 'infrastructure' | 'none';

interface ReasonRow {
  /** The statuses in which a job may carry the reason. */
  statuses: readonly JobStatus[];
  /** For failures: which retries may follow. */
  budget?: RetryBudget;
  /** The message for a person when nothing more exact is known. */
  message: string;
}

const pending = ['PENDING'] as const;
const running = ['RUNNING'] as const;
const failed = ['FAILED'] as const;

/** Every job always has one of these reasons. The order of the keys is the code stored in Redis: append only. */
const table = {
  WaitingForDependencies: { statuses: pending, message: 'Waiting for its dependencies.' },
  Queued: { statuses: pending, message: 'Ready; waiting for a free worker that is not paused.' },
  WaitingForSlot: { statuses: pending, message: 'Ready; waiting for a free slot (maxParallel).' },
  RetryBackoff: { statuses: pending, message: 'Failed; the next attempt starts after the backoff.' },
  Interrupted: {
    statuses: pending,
    message: 'Its worker was shut down; it starts again when a worker is free.',
  },
  Reused: { statuses: ['SUCCESSFUL'], message: 'The result of the original run was reused.' },
  Starting: { statuses: running, message: 'A worker has claimed it and is starting it.' },
  Unschedulable: { statuses: running, message: 'The cluster has no room for it yet.' },
  PullingImage: { statuses: running, message: 'Its image is being pulled.' },
  QuotaExceeded: { statuses: running, message: 'A quota of the cluster prevents its start for now.' },
  Executing: { statuses: running, message: 'Running.' },
  Canceling: { statuses: running, message: 'A cancel was requested; it is being stopped.' },
  Completed: { statuses: ['SUCCESSFUL'], message: 'Ended with exit code 0.' },
  ExitCode: { statuses: failed, budget: 'user', message: 'Ended with an exit code other than 0.' },
  Signal: { statuses: failed, budget: 'user', message: 'Was ended by a signal.' },
  OutOfMemory: { statuses: failed, budget: 'user', message: 'Exceeded its memory limit.' },
  TimedOut: { statuses: failed, budget: 'user', message: 'Ran longer than its timeout.' },
  Lost: { statuses: failed, budget: 'infrastructure', message: 'Vanished without an exit code.' },
  Deleted: { statuses: failed, budget: 'infrastructure', message: 'It was deleted while it ran.' },
  Evicted: { statuses: failed, budget: 'infrastructure', message: 'Its node evicted it.' },
  Preempted: { statuses: failed, budget: 'infrastructure', message: 'Preempted by work with a higher priority.' },
  NodeLost: { statuses: failed, budget: 'infrastructure', message: 'Its node was lost.' },
  RegistryError: {
    statuses: failed,
    budget: 'infrastructure',
    message: 'The image registry failed or did not answer.',
  },
  ConfigError: { statuses: failed, budget: 'none', message: 'Its configuration is invalid; it cannot be started.' },
  ImagePullFailed: { statuses: failed, budget: 'none', message: 'Its image cannot be pulled.' },
  PendingTimedOut: { statuses: failed, budget: 'none', message: 'Did not start within its pendingTimeout.' },
  WorkerCrashed: {
    statuses: failed,
    budget: 'none',
    message: 'Stopped, because its workers repeatedly died soon after they started it.',
  },
  CanceledByUser: { statuses: ['CANCELED'], budget: 'none', message: 'Was canceled.' },
  RunTimedOut: { statuses: ['CANCELED'], budget: 'none', message: 'Its run timed out first.' },
  ConditionNotMet: {
    statuses: ['SKIPPED'],
    budget: 'none',
    message: 'A dependency did not meet its conditions.',
  },
  DependencySkipped: { statuses: ['SKIPPED'], budget: 'none', message: 'A dependency was skipped.' },
  ServiceNotReady: { statuses: failed, budget: 'user', message: 'One of its services did not become ready.' },
} as const satisfies Record<string, ReasonRow>;

export type Reason = keyof typeof table;
export const reasonTable: Readonly<Record<Reason, ReasonRow>> = table;
export const reasons = Object.keys(table) as readonly Reason[];

/** The default message of a reason. */
export function sentenceOf(reason: Reason, exitCode?: number): string {
  if (exitCode === undefined) return reasonTable[reason].message;
  if (reason === 'ExitCode') return `Ended with exit code ${String(exitCode)}.`;
  if (reason === 'Signal') return `Was ended by signal ${String(exitCode - 128)} (exit code ${String(exitCode)}).`;
  return reasonTable[reason].message;
}
