/** Writes docs/metrics.md from the table of metrics; with --check fails if it is stale. */
import { metricTable, type MetricDefinition } from '../core/src/service/metric-table.js';
import { markdownTable, writePage } from './markdown-page.js';

const definitions: readonly MetricDefinition[] = Object.values(metricTable);
const rows = definitions.map(({ name, kind, labels, doc, service = 'all' }) => [
  `\`${name}\``,
  kind,
  service,
  labels.map((label) => `\`${label}\``).join(', '),
  doc,
]);

await writePage(
  'docs/metrics.md',
  `# Metrics

<!-- Made by \`make generate\` from core/src/service/metric-table.ts. -->

Every service answers \`GET /metrics\` in the text format of Prometheus, at the same address as \`/healthz\`. Gate requires its token there, if
one is set. Every metric also has the label \`service\`.

With \`chainr up\` only gate listens on a port. The others listen on sockets in the data folder, which only its owner can open; they need no token.

\`\`\`sh
curl http://127.0.0.1:8080/metrics
curl --unix-socket ./.chainr/sockets/sched.sock http://chainr/metrics
\`\`\`

The sockets are \`sched.sock\`, \`notif.sock\`, \`ui.sock\`, \`recycle.sock\` and \`work-1.sock\`; workers of further pools have \`work-2.sock\` and so on. If the
path of the data folder is too long for a socket, they are in a folder \`chainr-…\` in the system’s folder for temporary files.

${markdownTable(['metric', 'kind', 'service', 'labels', 'description'], rows)}

Each service also exports the usual metrics of a Node process, \`process_…\` and \`nodejs_…\`, from
[prom-client](https://github.com/siimon/prom-client). They are collected from the first scrape on. With \`chainr up\` all services are one
process, and each reports the same values. The delay of the event loop is \`nodejs_eventloop_lag_p99_seconds\`; a process that is always busy
with something else answers late.

A metric of the state that all services share, such as the length of a queue, is exported by every replica of a service with the same value; so
are the counters of notif, each replica of which reads all events. Aggregate those with \`max\`, and the metrics of workers with \`sum\`:

\`\`\`promql
max by (pool) (chainr_queue_jobs)
max by (status) (rate(chainr_run_changes_total[5m]))
sum by (pool) (chainr_leases_held) / sum by (pool) (chainr_worker_capacity)
\`\`\`

While Redis does not answer, the metrics of the state are absent.
A hundred pools have metrics of their own, those where most waits or works; the others are one pool, \`(others)\`.
`,
);
