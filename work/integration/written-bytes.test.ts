import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { keys } from '@chainr/core/store/redis/keys';
import { runsOf } from '@chainr/core/store/logs/log-page';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFound } from '@chainr/testkit/until-found';
import { untilClosed, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import { seededNumbers, writeScript } from '@chainr/testkit/written-scripts';
import { describeOnExecutors } from '../suite/seen-from-outside.js';

const jobCount = 6;
/** Several, so that steps also end and start while the worker is killed. */
const stepsPerJob = 2;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The index of the first difference, or the length of the shorter one; -1 if they are equal. */
function differenceOf(one: Buffer, other: Buffer): number {
  if (one.equals(other)) return -1;
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at < 0 ? one.length : at;
}

/** What the job wrote, according to its log. Fails if chainr itself wrote something there. */
async function writtenOf(group: WorkerGroup, run: RunUid, index: number): Promise<Buffer> {
  const { logs } = group.store;
  // The last lines are stored after the end; if a daemon reads slowly, long after it.
  await untilClosed(group.store, run, index);
  const pieces: Buffer[] = [];
  for (let offset = 0; ;) {
    const page = await logs.read(run, index, 1, { offset, maxBytes: 1024 * 1024 });
    if (!page || page.bytes.length === 0) return Buffer.concat(pieces);
    for (const { stream, bytes } of runsOf(page)) {
      expect(stream, bytes.toString()).not.to.equal('system');
      pieces.push(Buffer.from(bytes));
    }
    offset = page.nextOffset;
  }
}

/** Waits until more output is stored than now, or nothing more comes. */
async function untilStoredMore({ client }: WorkerGroup, isOver: () => boolean): Promise<void> {
  const storedBytes = async () => Number(await client.hget(keys.counters, 'logBytes'));
  const before = await storedBytes();
  const more = async () => isOver() || (await storedBytes()) > before;
  await untilFound('more output in the store', more, Boolean, { everyMs: 5 });
}

describeOnExecutors('the log has every byte that jobs wrote, in order, in whatever way they wrote it', (subject) => {
  const folders = useDataFolders();
  // `&>` means something else in dash; the shell of busybox knows it.
  const hasAmpersand = subject.kind === 'docker';
  const seeds = Array.from({ length: jobCount * stepsPerJob }, (_, seed) => seed + 1);
  const written = seeds.map((seed) => writeScript(seededNumbers(seed), 40, { floods: 0.33, hasAmpersand }));

  for (const kills of [0, 3]) {
    it(kills === 0 ? 'while their worker lives' : 'while one worker after another is killed', async function () {
      this.timeout(180_000);
      const home = await folders.make();
      const env = { ...briefLeases, ...subject.env() };
      const group = await WorkerGroup.start({ home, kind: subject.kind, env });
      try {
        let isOver = false;
        let worker = await group.startWorker();
        const jobs = Object.fromEntries(
          Array.from({ length: jobCount }, (_, job) => {
            const steps = written.slice(job * stepsPerJob, (job + 1) * stepsPerJob);
            return [
              `job-${String(job)}`,
              {
                image: 'busybox',
                steps: steps.map(({ run }, step) => ({ name: `step-${String(step)}`, run })),
              },
            ];
          }),
        );
        const run = await group.createRun({ kind: 'Pipeline', jobs });
        const ended = untilFinal(group.store.events, run, 150_000).then(() => (isOver = true));
        for (let kill = 0; kill < kills; kill += 1) {
          await untilStoredMore(group, () => isOver);
          worker.signal('SIGKILL');
          await worker.ended;
          worker = await group.startWorker();
        }
        await ended;
        for (let job = 0; job < jobCount; job += 1) {
          const [attempt, ...others] = await group.store.runs.listAttempts(run, job);
          expect([attempt?.reason, others.length], `job ${String(job)}`).to.deep.equal(['Completed', 0]);
          const expected = Buffer.concat(written.slice(job * stepsPerJob, (job + 1) * stepsPerJob).map(({ bytes }) => bytes)); // prettier-ignore
          const stored = await writtenOf(group, run, job);
          const where = `job ${String(job)}, first difference at byte ${String(differenceOf(stored, expected))}`;
          expect([stored.length, sha256(stored)], where).to.deep.equal([expected.length, sha256(expected)]);
        }
        worker.signal('SIGTERM');
        expect((await worker.ended).code, worker.output).to.equal(0);
      } finally {
        await group.stop();
      }
    });
  }
});
