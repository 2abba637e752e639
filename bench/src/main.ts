import { loadavg } from 'node:os';
import { measureAttempts } from './measure-attempts.js';
import { measureEventLoop } from './measure-event-loop.js';
import { measureHandover } from './measure-handover.js';
import { measureIdleMemory } from './measure-idle-memory.js';
import { measureLargeRun } from './measure-large-run.js';
import { measureLists } from './measure-lists.js';
import { measureLogFollowers } from './measure-log-followers.js';
import { measureLogReading } from './measure-log-reading.js';
import { measureLogStoring } from './measure-log-storing.js';
import { measurePods } from './measure-pods.js';
import { measurePodsMemory } from './measure-pods-memory.js';
import { measureRedisMemory } from './measure-redis-memory.js';
import { measureRunPosts } from './measure-run-posts.js';
import { measureSmallJobs } from './measure-small-jobs.js';
import { measureThroughput } from './measure-throughput.js';
import type { Row } from './row.js';
import { printRow } from './row.js';

interface Measurement {
  doc: string;
  /** Yields its rows as they are known. */
  measure: () => AsyncIterable<Row>;
  /** It needs what not every machine has. */
  onlyIfNamed?: true;
}

/** By name. */
const measurements: Readonly<Record<string, Measurement>> = {
  throughput: { doc: 'no-op jobs per second through one process, against BullMQ alone', measure: measureThroughput },
  'large-run': { doc: 'one run of 10,000 jobs against 100 runs of 100, per job', measure: measureLargeRun },
  handover: { doc: 'from the end of a job to the start of its dependent', measure: measureHandover },
  posts: { doc: 'creating runs over HTTP', measure: measureRunPosts },
  'event-loop': { doc: 'how long a request at the limits blocks the event loop of sched', measure: measureEventLoop },
  lists: { doc: 'lists and deletion of 100,000 stored runs', measure: measureLists },
  attempts: { doc: 'cost of an attempt on the process executor', measure: measureAttempts },
  pods: { doc: 'pods of a cluster (KUBECONFIG), against bare pods', measure: measurePods, onlyIfNamed: true },
  'pods-memory': {
    doc: 'what a worker with 500 pods takes, on the stand-in of Kubernetes',
    measure: measurePodsMemory,
  },
  'small-jobs': { doc: 'small real jobs, against xargs', measure: measureSmallJobs },
  'log-reading': { doc: 'reading a log of 64 MiB of short lines', measure: measureLogReading },
  'log-followers': { doc: '100 followers of a log that grows by 2,000 lines a second', measure: measureLogFollowers },
  'log-storing': { doc: 'what a worker pays for the output of a job', measure: measureLogStoring },
  'redis-memory': { doc: 'what a finished job leaves in Redis', measure: measureRedisMemory },
  'idle-memory': { doc: 'what a service takes that has nothing to do', measure: measureIdleMemory },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in measurements) && !name.startsWith('-'));
if (asked.includes('--help') || asked.includes('-h')) {
  printHelp();
} else if (unknown.length > 0 || asked.some((name) => name.startsWith('-'))) {
  console.error(`There is no measurement ${unknown.join(', ') || asked.join(' ')}; --help lists them.`);
  process.exitCode = 2;
} else {
  const usual = Object.keys(measurements).filter((name) => !measurements[name]?.onlyIfNamed);
  await measureAll(asked.length > 0 ? asked : usual);
}

function printHelp(): void {
  console.log('Usage: npm run bench [-- NAME …]\n\nMeasures what is named, or everything:');
  for (const [name, { doc, onlyIfNamed }] of Object.entries(measurements))
    console.log(`  ${name.padEnd(13)} ${doc}${onlyIfNamed ? '; only if named' : ''}`);
  console.log('\nRatios are medians of five rounds, interleaved. Quote them, not the absolute figures.');
}

async function measureAll(names: readonly string[]): Promise<void> {
  console.log(
    `Node ${process.versions.node}, load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}\n`,
  );
  for (const name of names) {
    const measurement = measurements[name];
    if (!measurement) continue;
    console.log(`${measurement.doc}:`);
    for await (const row of measurement.measure()) printRow(row);
    console.log('');
  }
}
