/** One metric of a service's `/metrics`. */
export interface MetricDefinition {
  /** `chainr_…`, in snake case, with its unit: `_seconds`, `_ratio`; `_total` for what only rises. */
  name: string;
  kind: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  /** One line for the table of metrics. */
  doc: string;
  /** Who exports it; absent: every service. */
  service?: string;
  /** The upper bounds of a histogram, in the unit of its name. */
  buckets?: readonly number[];
}

/** From a call within the machine to one that a user notices, in seconds. */
const callBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** From a job that does nothing to one of hours, in seconds. */
const phaseBuckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400];

/** How to read what each replica exports with the same value. */
const shared = 'The same from each replica: use `max`, not `sum`.';

/** Every metric of chainr itself. The documentation is printed from this table. */
export const metricTable = {
  httpAnswers: {
    name: 'chainr_http_answers_total',
    kind: 'counter',
    labels: ['class'],
    doc: 'HTTP responses by status class, such as `2xx`.',
  },
  redisCalls: {
    name: 'chainr_redis_call_seconds',
    kind: 'histogram',
    labels: [],
    service: 'sched, work, recycle',
    buckets: callBuckets,
    doc: 'Time until Redis answered a call of the library. A call carries up to 32 operations.',
  },
  redisErrors: {
    name: 'chainr_redis_call_errors_total',
    kind: 'counter',
    labels: [],
    service: 'sched, work, recycle',
    doc: 'Calls of the library that Redis did not answer, or refused. Most are sent again.',
  },
  queueJobs: {
    name: 'chainr_queue_jobs',
    kind: 'gauge',
    labels: ['pool'],
    service: 'recycle',
    doc: `Jobs that wait in the queue of a pool; of one run at most 1,000. ${shared}`,
  },
  queueOldestAge: {
    name: 'chainr_queue_oldest_age_seconds',
    kind: 'gauge',
    labels: ['pool'],
    service: 'recycle',
    doc: `How long the job that was handed out first has been ready; 0 if none waits. ${shared}`,
  },
  poolWorkers: {
    name: 'chainr_pool_workers',
    kind: 'gauge',
    labels: ['pool'],
    service: 'recycle',
    doc: `Workers of a pool that have shown themselves within 30 s. ${shared}`,
  },
  liveRuns: {
    name: 'chainr_live_runs',
    kind: 'gauge',
    labels: [],
    service: 'recycle',
    doc: `Runs that are PENDING or RUNNING. ${shared}`,
  },
  redisMemory: {
    name: 'chainr_redis_memory_ratio',
    kind: 'gauge',
    labels: [],
    service: 'recycle',
    doc: `Share of its memory that Redis uses; from 0.8 on new runs are refused. ${shared}`,
  },
  runChanges: {
    name: 'chainr_run_changes_total',
    kind: 'counter',
    labels: ['status'],
    service: 'notif',
    doc: `Runs that got a status: \`PENDING\` when they were created. ${shared}`,
  },
  jobChanges: {
    name: 'chainr_job_changes_total',
    kind: 'counter',
    labels: ['status', 'reason'],
    service: 'notif',
    doc: `Jobs that got a status or a reason. ${shared}`,
  },
  eventLag: {
    name: 'chainr_event_lag_seconds',
    kind: 'histogram',
    labels: [],
    service: 'notif',
    buckets: callBuckets,
    doc: 'Age of events when this replica read them, by its own clock; one value for each reading.',
  },
  eventClients: {
    name: 'chainr_event_clients',
    kind: 'gauge',
    labels: [],
    service: 'notif',
    doc: 'Clients that follow the events.',
  },
  attemptPhases: {
    name: 'chainr_attempt_phase_seconds',
    kind: 'histogram',
    labels: ['phase'],
    service: 'work',
    buckets: phaseBuckets,
    doc: 'Phases of attempts, once they are closed: `waiting` until the claim, `starting` until user code runs, `running`, and `closing` from the end until the log is stored.',
  },
  attemptEnds: {
    name: 'chainr_attempt_ends_total',
    kind: 'counter',
    labels: ['reason'],
    service: 'work',
    doc: 'Attempts that ended, by the reason; also those that another attempt followed.',
  },
  executorCalls: {
    name: 'chainr_executor_call_seconds',
    kind: 'histogram',
    labels: ['executor', 'call'],
    service: 'work',
    buckets: callBuckets,
    doc: 'Calls of the executor, failed ones included: `ensure`, `stop`, `remove`, `list`, `readSecret`, `ping`.',
  },
  executorErrors: {
    name: 'chainr_executor_errors_total',
    kind: 'counter',
    labels: ['executor', 'call'],
    service: 'work',
    doc: 'Failed calls of the executor; also of `observe`, which lasts as long as the attempt. Most are repeated.',
  },
  leasesHeld: {
    name: 'chainr_leases_held',
    kind: 'gauge',
    labels: ['pool'],
    service: 'work',
    doc: 'Attempts that this worker holds.',
  },
  workerCapacity: {
    name: 'chainr_worker_capacity',
    kind: 'gauge',
    labels: ['pool'],
    service: 'work',
    doc: 'Attempts that this worker takes at once; 0 while it takes nothing new.',
  },
  leasesAdopted: {
    name: 'chainr_leases_adopted_total',
    kind: 'counter',
    labels: [],
    service: 'work',
    doc: 'Attempts of other workers that this one took over.',
  },
  leasesLost: {
    name: 'chainr_leases_lost_total',
    kind: 'counter',
    labels: [],
    service: 'work',
    doc: 'Attempts that other workers took over, since this one did not renew its leases in time.',
  },
  sweepChanges: {
    name: 'chainr_sweep_changes_total',
    kind: 'counter',
    labels: ['sweep'],
    service: 'recycle, work',
    doc: 'Repairs made by a sweep.',
  },
  sweepPasses: {
    name: 'chainr_sweep_passes_total',
    kind: 'counter',
    labels: ['sweep', 'result'],
    service: 'recycle, work',
    doc: 'Passes of a sweep; `result` is `ok` or `failed`.',
  },
  sweepLag: {
    name: 'chainr_sweep_lag_seconds',
    kind: 'gauge',
    labels: ['sweep'],
    service: 'recycle, work',
    doc: 'Age of the oldest overdue item that the last pass found; 0 if there was none.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
