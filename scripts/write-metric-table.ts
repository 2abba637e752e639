/** Writes docs/metrics.md from the table of metrics; with --check fails if it is stale. */
import { metricTable } from '../core/src/service/metric-table.js';
import { markdownTable, writePage } from './markdown-page.js';

const rows = Object.values(metricTable).map(({ name, kind, labels, doc }) => [
  `\`${name}\``,
  kind,
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

${markdownTable(['metric', 'kind', 'labels', 'description'], rows)}

Each service also exports the usual metrics of a Node process, \`process_…\` and \`nodejs_…\`, from
[prom-client](https://github.com/siimon/prom-client). They are collected from the first scrape on. With \`chainr up\` all services are one
process, and each reports the same values.
`,
);
