import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { mountSmallDisk, type SmallDisk } from '@chainr/testkit/small-disk';
import { untilFound } from '@chainr/testkit/until-found';
import { untilFinal } from '@chainr/testkit/waits';

describe('jobs on a full disk, through the API', function () {
  this.timeout(120_000);
  let disk: SmallDisk | undefined;
  let chainr: Constellation;
  /** A folder on another disk. A waiting job goes on when its file exists there. */
  let marks: string;
  let count = 0;

  before(async function () {
    disk = mountSmallDisk('8m');
    if (!disk) {
      console.log('      left out: this needs a small disk, and mount(8) may not be used here');
      this.skip();
    }
    marks = await mkdtemp(path.join(tmpdir(), 'chainr-marks-'));
    chainr = await startConstellation({ executor: createProcessExecutor({ folder: disk.folder, instance: 'test' }) });
  });

  after(async () => {
    if (!disk) return;
    await chainr.stop();
    disk.remove();
    await rm(marks, { recursive: true });
  });

  const onFullDisk = <T>(work: () => Promise<T>): Promise<T> => disk!.whileFull(work);
  const full = () => `The disk that holds ${disk!.folder}`;
  const why = async (uid: string) => (await chainr.client.explainJob(uid, 'only')).sentence;
  const attemptsOf = async (uid: string) => (await chainr.client.getJob(uid, 'only')).attempts;

  async function create(job: object): Promise<string> {
    const jobs = { only: { image: 'busybox', ...job } };
    const text = JSON.stringify({ kind: 'Pipeline', jobs });
    return (await chainr.client.createRun({ text, contentType: 'application/json' })).metadata.uid;
  }

  /** A script that waits, and a function that lets it go on. */
  function waiting(): { run: string; goOn: () => Promise<void> } {
    const mark = path.join(marks, String((count += 1)));
    return { run: `echo waits; while [ ! -e ${mark} ]; do sleep 0.02; done`, goOn: () => writeFile(mark, '') };
  }

  async function untilWaits(uid: string): Promise<void> {
    for await (const { text } of chainr.client.readLogLines(uid, 'only', { follow: true }))
      if (text === 'waits') return;
  }

  async function untilWhy(uid: string, words: string): Promise<string> {
    return untilFound(
      `"${words}" from why`,
      () => why(uid),
      (sentence) => sentence.includes(words),
    );
  }

  for (const [code, status, reason] of [
    [0, 'SUCCESSFUL', 'Completed'],
    [7, 'FAILED', 'ExitCode'],
  ] as const) {
    it(`${status} in one attempt when they end with ${code} and nothing more can be written`, async () => {
      const { run, goOn } = waiting();
      const uid = await create({ run: `${run}; exit ${code}` });
      await untilWaits(uid);
      await onFullDisk(async () => {
        await goOn();
        await untilFinal(chainr.store.events, uid);
      });
      const seen = (await attemptsOf(uid)).map((attempt) => [attempt.status, attempt.reason, attempt.exitCode]);
      expect(seen).to.deep.equal([[status, reason, code]]);
    });
  }

  it('are not started, which why explains by the disk, until there is room', async () => {
    const uid = await onFullDisk(async () => {
      const created = await create({ run: 'echo ran' });
      const sentence = await untilWhy(created, 'is full');
      expect(sentence).to.contain(full()).and.contain('Trying again');
      const { status, reason } = await chainr.client.getJob(created, 'only');
      expect([status, reason]).to.deep.equal(['RUNNING', 'Starting']);
      return created;
    });
    await untilFinal(chainr.store.events, uid);
    expect((await attemptsOf(uid)).map(({ status }) => status)).to.deep.equal(['SUCCESSFUL']);
    expect(await why(uid)).not.to.contain('full');
  });

  it('are Lost if their next step cannot start; the attempt and why name the disk', async () => {
    const { run, goOn } = waiting();
    const steps = [
      { name: 'one', image: 'busybox', run },
      { name: 'two', image: 'busybox', run: 'echo second' },
    ];
    const uid = await create({ image: undefined, steps });
    await untilWaits(uid);
    await onFullDisk(async () => {
      await goOn();
      await untilFound(
        'the second attempt',
        () => attemptsOf(uid),
        ({ length }) => length >= 2,
      );
      await untilWhy(uid, 'is full');
    });
    await untilFinal(chainr.store.events, uid);
    const [first, second] = await attemptsOf(uid);
    expect([first?.reason, second?.reason]).to.deep.equal(['Lost', 'Completed']);
    expect(first?.message).to.contain('Step "two" could not be started').and.contain(full()).and.contain('is full');
  });

  it('have a mark in their log, with the folder, where output did not fit, and continue', async () => {
    const { run, goOn } = waiting();
    const uid = await create({ run: `${run}; seq 1 100000; exit 0` });
    await untilWaits(uid);
    await onFullDisk(async () => {
      await goOn();
      await untilFinal(chainr.store.events, uid);
    });
    const told: string[] = [];
    for await (const { stream, text } of chainr.client.readLogLines(uid, 'only', { follow: true }))
      if (stream === 'system') told.push(text);
    expect(told.join('\n')).to.contain('Output is missing from here on').and.contain(disk!.folder);
    expect((await attemptsOf(uid)).map(({ status }) => status)).to.deep.equal(['SUCCESSFUL']);
  });
});
