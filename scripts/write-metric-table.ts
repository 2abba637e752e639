/** Writes docs/metrics.md from the table of metrics; with --check says whether it is stale. */
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

Every service answers \`GET /metrics\` in the text format of Prometheus, where it answers \`/healthz\`. Gate asks for its token there, where
it has one. Every metric also has the label \`service\`.

In \`chainr up\` only gate has a port; the others answer on sockets in the data folder that only its user can open. They ask for no token.

\`\`\`sh
curl http://127.0.0.1:8080/metrics
curl --unix-socket ./.chainr/sockets/sched.sock http://chainr/metrics
\`\`\`

The sockets are \`sched.sock\`, \`notif.sock\`, \`ui.sock\`, \`recycle.sock\` and, by the executor, \`work-process.sock\` or \`work-docker.sock\`. Where the
path of the data folder is too long for a socket, they stand in \`chainr-…\` of the folder of temporary files.

${markdownTable(['metric', 'kind', 'labels', 'what it is'], rows)}

Beside these stand the usual numbers of a Node process, \`process_…\` and \`nodejs_…\`, as
[prom-client](https://github.com/siimon/prom-client) makes them. They begin with the first reading. In \`chainr up\` all services are one
process, and each tells its numbers.
`,
);
