/** Writes deploy/observability/dashboard.json, for Grafana, from the panels below; with --check fails if it is stale. */
import { writePage } from './markdown-page.js';

/** A query and its legend. `$__rate_interval` is Grafana's: a few scrapes. */
type Query = readonly [expression: string, legend: string];

interface Panel {
  title: string;
  /** One of Grafana's units. */
  unit?: 'short' | 's' | 'percentunit' | 'ops' | 'bytes';
  /** One number, the latest, in place of a graph. */
  isStat?: true;
  queries: readonly Query[];
}

const rate = (metric: string): string => `rate(${metric}[$__rate_interval])`;
const pool = '{pool=~"$pool"}';

/** The quantile of a histogram, over all its replicas. */
const quantile = (share: number, histogram: string, labels: readonly string[] = []): string =>
  `histogram_quantile(${String(share)}, sum by (${['le', ...labels].join(', ')}) (${rate(`${histogram}_bucket`)}))`;

/** A row of panels; each has the same width. */
const rows: readonly { title: string; panels: readonly Panel[] }[] = [
  {
    title: 'Now',
    panels: [
      { title: 'Live runs', isStat: true, queries: [['max(chainr_live_runs)', 'runs']] },
      { title: 'Waiting jobs', isStat: true, queries: [[`sum(max by (pool) (chainr_queue_jobs${pool}))`, 'jobs']] },
      { title: 'Running attempts', isStat: true, queries: [[`sum(chainr_leases_held${pool})`, 'attempts']] },
      { title: 'Workers', isStat: true, queries: [[`sum(max by (pool) (chainr_pool_workers${pool}))`, 'workers']] },
      {
        title: 'Memory of Redis',
        isStat: true,
        unit: 'percentunit',
        queries: [['max(chainr_redis_memory_ratio)', 'used']],
      },
    ],
  },
  {
    title: 'Runs and jobs',
    panels: [
      {
        title: 'Runs by status',
        unit: 'ops',
        queries: [[`max by (status) (${rate('chainr_run_changes_total')})`, '{{status}}']],
      },
      {
        title: 'Jobs that ended or were tried again, by reason',
        unit: 'ops',
        queries: [[`sum by (reason) (${rate('chainr_attempt_ends_total')}) > 0`, '{{reason}}']],
      },
      {
        title: 'Changes of jobs by status',
        unit: 'ops',
        queries: [[`sum by (status) (max by (status, reason) (${rate('chainr_job_changes_total')}))`, '{{status}}']],
      },
    ],
  },
  {
    title: 'Pools',
    panels: [
      { title: 'Waiting jobs', queries: [[`max by (pool) (chainr_queue_jobs${pool})`, '{{pool}}']] },
      {
        title: 'Age of the first waiting job',
        unit: 's',
        queries: [[`max by (pool) (chainr_queue_oldest_age_seconds${pool})`, '{{pool}}']],
      },
      {
        title: 'Use of the capacity',
        unit: 'percentunit',
        queries: [
          [`sum by (pool) (chainr_leases_held${pool}) / sum by (pool) (chainr_worker_capacity${pool})`, '{{pool}}'],
        ],
      },
    ],
  },
  {
    title: 'Attempts',
    panels: [
      {
        title: 'Phases, median',
        unit: 's',
        queries: [[quantile(0.5, 'chainr_attempt_phase_seconds', ['phase']), '{{phase}}']],
      },
      {
        title: 'Phases, 95 %',
        unit: 's',
        queries: [[quantile(0.95, 'chainr_attempt_phase_seconds', ['phase']), '{{phase}}']],
      },
      {
        title: 'Leases adopted and lost',
        unit: 'ops',
        queries: [
          [`sum(${rate('chainr_leases_adopted_total')})`, 'adopted'],
          [`sum(${rate('chainr_leases_lost_total')})`, 'lost'],
        ],
      },
    ],
  },
  {
    title: 'Executors',
    panels: [
      {
        title: 'Calls, 95 %',
        unit: 's',
        queries: [[quantile(0.95, 'chainr_executor_call_seconds', ['executor', 'call']), '{{executor}} {{call}}']],
      },
      {
        title: 'Calls',
        unit: 'ops',
        queries: [[`sum by (executor, call) (${rate('chainr_executor_call_seconds_count')})`, '{{executor}} {{call}}']],
      },
      {
        title: 'Errors',
        unit: 'ops',
        queries: [[`sum by (executor, call) (${rate('chainr_executor_errors_total')})`, '{{executor}} {{call}}']],
      },
    ],
  },
  {
    title: 'Redis and events',
    panels: [
      {
        title: 'Calls of Redis',
        unit: 's',
        queries: [
          [quantile(0.5, 'chainr_redis_call_seconds'), 'median'],
          [quantile(0.99, 'chainr_redis_call_seconds'), '99 %'],
        ],
      },
      {
        title: 'Calls of Redis, number and errors',
        unit: 'ops',
        queries: [
          [`sum(${rate('chainr_redis_call_seconds_count')})`, 'calls'],
          [`sum(${rate('chainr_redis_call_errors_total')})`, 'errors'],
        ],
      },
      {
        title: 'Event lag, 99 %',
        unit: 's',
        queries: [[quantile(0.99, 'chainr_event_lag_seconds'), 'lag']],
      },
      { title: 'Clients that follow events', queries: [['sum(chainr_event_clients)', 'clients']] },
    ],
  },
  {
    title: 'Sweeps',
    panels: [
      {
        title: 'Repairs',
        unit: 'ops',
        queries: [[`sum by (sweep) (${rate('chainr_sweep_changes_total')})`, '{{sweep}}']],
      },
      { title: 'Lag', unit: 's', queries: [['max by (sweep) (chainr_sweep_lag_seconds)', '{{sweep}}']] },
      {
        title: 'Failed passes',
        unit: 'ops',
        queries: [[`sum by (sweep) (${rate('chainr_sweep_passes_total{result="failed"}')})`, '{{sweep}}']],
      },
    ],
  },
  {
    title: 'Processes',
    panels: [
      {
        title: 'Answers of gate by class',
        unit: 'ops',
        queries: [[`sum by (class) (${rate('chainr_http_answers_total{service="gate"}')})`, '{{class}}']],
      },
      {
        title: 'Delay of the event loop, 99 %',
        unit: 's',
        queries: [['max by (service) (nodejs_eventloop_lag_p99_seconds)', '{{service}}']],
      },
      {
        title: 'Processor time',
        unit: 'percentunit',
        queries: [[`sum by (service) (${rate('process_cpu_seconds_total')})`, '{{service}}']],
      },
      {
        title: 'Memory',
        unit: 'bytes',
        queries: [['max by (service) (process_resident_memory_bytes)', '{{service}}']],
      },
    ],
  },
];

/** Grafana divides the width into 24. */
const columns = 24;
const datasource = { type: 'prometheus', uid: '${datasource}' };

function* panelsOf() {
  let id = 0;
  let y = 0;
  for (const { title, panels } of rows) {
    yield { id: (id += 1), type: 'row', title, collapsed: false, panels: [], gridPos: { x: 0, y, w: columns, h: 1 } };
    const h = panels.some(({ isStat }) => isStat) ? 4 : 8;
    const w = Math.floor(columns / panels.length);
    for (const [at, { title: name, unit = 'short', isStat, queries }] of panels.entries()) {
      yield {
        id: (id += 1),
        type: isStat ? 'stat' : 'timeseries',
        title: name,
        datasource,
        gridPos: { x: at * w, y: y + 1, w, h },
        fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
        targets: queries.map(([expr, legendFormat], place) => ({
          refId: String.fromCharCode('A'.charCodeAt(0) + place),
          datasource,
          expr,
          legendFormat,
        })),
      };
    }
    y += 1 + h;
  }
}

const dashboard = {
  uid: 'chainr',
  title: 'chainr',
  description: 'Made by `make generate` from scripts/write-dashboard.ts.',
  tags: ['chainr'],
  schemaVersion: 39,
  editable: true,
  refresh: '30s',
  time: { from: 'now-1h', to: 'now' },
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
      {
        name: 'pool',
        label: 'Pool',
        type: 'query',
        datasource,
        query: { query: 'label_values(chainr_queue_jobs, pool)', refId: 'pool' },
        refresh: 2,
        multi: true,
        includeAll: true,
        allValue: '.*',
        current: { text: 'All', value: '$__all' },
      },
    ],
  },
  panels: [...panelsOf()],
};

await writePage('deploy/observability/dashboard.json', JSON.stringify(dashboard));
