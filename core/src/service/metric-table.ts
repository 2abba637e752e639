/** One metric of a service's `/metrics`. */
export interface MetricDefinition {
  /** `chainr_…`, in snake case, with its unit: `_seconds`, `_bytes`; `_total` for what only rises. */
  name: string;
  kind: 'counter' | 'gauge';
  labels: readonly string[];
  /** One line for the table of metrics. */
  doc: string;
}

/** Every metric of chainr itself. The documentation is printed from this table. */
export const metricTable = {
  httpAnswers: {
    name: 'chainr_http_answers_total',
    kind: 'counter',
    labels: ['class'],
    doc: 'HTTP responses by status class, such as `2xx`.',
  },
  sweepChanges: {
    name: 'chainr_sweep_changes_total',
    kind: 'counter',
    labels: ['sweep'],
    doc: 'Repairs made by a sweep.',
  },
  sweepPasses: {
    name: 'chainr_sweep_passes_total',
    kind: 'counter',
    labels: ['sweep', 'result'],
    doc: 'Passes of a sweep; `result` is `ok` or `failed`.',
  },
  sweepLag: {
    name: 'chainr_sweep_lag_seconds',
    kind: 'gauge',
    labels: ['sweep'],
    doc: 'Age of the oldest overdue item that the last pass found; 0 if there was none.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
