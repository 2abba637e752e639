import path from 'node:path';
import { bundleScript } from '@chainr/testkit/bundle-script';
import { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { startRedisProxy, type RedisProxy, type Silence } from '@chainr/testkit/redis-proxy';
import { untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import { expect } from 'chai';
import { createCounting, expectAllOnce, untilAllClosed, type CountingJob } from './counting-jobs.js';
import { processes } from '../suite/seen-from-outside.js';

const subject = processes;
/** The first job ends after the connections went silent. Its dependent needs a worker that can report. */
const jobsOf = (lines: number): readonly CountingJob[] => [
  { name: 'first', lines, pauseSeconds: 0.1 },
  { name: 'second', lines: 3, pauseSeconds: 0.1, dependsOn: ['first'] },
];

interface Shape {
  title: string;
  /** Whether a second worker reaches Redis. */
  hasOther: boolean;
  fall: (proxy: RedisProxy) => Silence;
}

const shapes: readonly Shape[] = [
  {
    title: 'a worker that is alone comes back when all its connections fall silent',
    hasOther: false,
    fall: (proxy) => proxy.silence(),
  },
  {
    title: 'the end of a job is reported although the connection for it falls silent while the one for renewals lives',
    hasOther: false,
    fall: (proxy) => proxy.silence({ name: 'chainr-main' }),
  },
  {
    title: 'another worker adopts from one that renews and can never report again',
    hasOther: true,
    fall: (proxy) => proxy.silence({ name: 'chainr-main', isLasting: true }),
  },
  {
    title: 'another worker adopts from one that gets no reply any more',
    hasOther: true,
    fall: (proxy) => proxy.silence({ lost: 'replies', isLasting: true }),
  },
];

describe('workers whose connections to Redis fall silent', function () {
  this.timeout(150_000);
  const folders = useDataFolders();

  async function runThrough({ title, hasOther, fall }: Shape): Promise<void> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: briefLeases });
    const proxy = await startRedisProxy(group.redis.url, path.join(home, 'proxy.sock'));
    const worker = new Command(await bundleScript('testkit/src/faulty-worker.ts'), [], {
      CHAINR_HOME: home,
      CHAINR_REDIS_URL: proxy.url,
      CHAINR_EXECUTOR: subject.kind,
      CHAINR_LISTEN: `unix:${path.join(home, 'silent.sock')}`,
      ...briefLeases,
    });
    let other: Command | undefined;
    try {
      await worker.says(/"msg":"started"/);
      const place = { subject, group, home };
      // The other worker starts while the first job runs, so that it does not claim that job.
      const jobs = jobsOf(hasOther ? 150 : 20);
      const run = await createCounting(place, jobs);
      await untilLines(subject.ledger(home), 1);
      if (hasOther) other = await group.startWorker();
      const silence = fall(proxy);
      expect(silence.count, title).to.be.above(0);
      await untilFinal(group.store.events, run).catch((error: unknown) => {
        throw new Error(`${title}: ${worker.output}`, { cause: error });
      });
      await untilAllClosed(place, run, jobs);
      await expectAllOnce(place, run, jobs, title);
      expect((await group.adoptionsOf(run, 0)) > 0, `${title}: adopted`).to.equal(hasOther);
      expect(linesIn(subject.ledger(home))).to.have.length(jobs.length);
      silence.end();
    } finally {
      worker.signal('SIGKILL');
      other?.signal('SIGKILL');
      await Promise.all([worker.ended, other?.ended]);
      await proxy.close();
      await group.stop();
    }
  }

  it('report every end once, whichever connection it is', () => Promise.all(shapes.map(runThrough)));
});
