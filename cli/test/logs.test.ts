import { expect } from 'chai';
import { Client } from '@chainr/core/api/client/client';
import { logLineSchema } from '@chainr/core/api/contract/job-resource';
import type { LogQuery } from '@chainr/core/api/client/read-log-lines';
import type { Fetch } from '@chainr/core/api/client/socket-fetch';
import { logText } from '@chainr/core/api/client/log-text';
import { CouldNot } from '../src/exit-codes.js';
import { readWholeLog } from '../src/server/read-whole-log.js';
import { createRun, readmePipeline } from './create-run.js';
import { openChainr, type OpenChainr, type StartedAttempt } from './open-chainr.js';
import { chainr } from './test-terminal.js';

const oneJob = { kind: 'Pipeline', jobs: { only: { image: 'busybox', run: 'exit 0' } } };
const steps = ['one', 'four'].map((name) => ({ name, run: 'exit 1' }));
const twoSteps = { kind: 'Pipeline', jobs: { only: { image: 'busybox', steps } } };

describe('chainr logs', () => {
  let server: OpenChainr;

  before(async () => {
    server = await openChainr();
  });

  after(() => server.close());

  const at = (...args: string[]) => chainr([...args, '--server', server.url]);
  const create = (pipeline: unknown) => createRun(server, pipeline);

  it('prints the log of the only job', async () => {
    const uid = await create(oneJob);
    await server.work(uid, 0, ['one', 'two']);
    const session = at('logs', uid);
    expect(await session.exitCode).to.equal(0);
    expect(session.stdout).to.equal('one\ntwo\n');
  });

  it('prints many lines with few writes', async () => {
    const uid = await create(oneJob);
    const lines = Array.from({ length: 5_000 }, (_, at) => String(at));
    await server.work(uid, 0, lines);
    const session = at('logs', uid);
    expect(await session.exitCode).to.equal(0);
    expect(session.stdout).to.equal(lines.map((line) => `${line}\n`).join(''));
    expect(session.writes).to.be.below(500);
  });

  it('follows a job that has not started yet', async () => {
    const uid = await create(oneJob);
    const session = at('logs', uid, 'only', '-f', '-o', 'json');
    await server.work(uid, 0, ['one']);
    expect(await session.exitCode).to.equal(0);
    expect(JSON.parse(session.stdout)).to.include({ text: 'one', step: 'main' });
  });

  it('says why a log is empty if its job never ran or has not started', async () => {
    const uid = await create(readmePipeline);
    const waiting = at('logs', uid, 'success');
    expect(await waiting.exitCode).to.equal(0);
    expect([waiting.stdout, waiting.stderr]).to.deep.equal([
      '',
      'The job success has not started yet (PENDING, WaitingForDependencies): Waiting for its dependencies.\n',
    ]);
    await server.work(uid, 0, []);
    const skipped = at('logs', uid, 'error', '-f');
    expect(await skipped.exitCode).to.equal(0);
    expect(skipped.stderr).to.match(/^The job error never ran \(SKIPPED, ConditionNotMet\): /);
  });

  it('says that a step wrote nothing, not that its job did', async () => {
    const steps = ['one', 'four'].map((name) => ({ name, run: 'exit 1' }));
    const uid = await create({ kind: 'Pipeline', jobs: { only: { image: 'busybox', steps } } });
    await server.work(uid, 0, ['written by one'], 'ExitCode', 1);
    const session = at('logs', uid, '--step', 'four');
    expect(await session.exitCode).to.equal(0);
    expect(session.stdout).to.equal('');
    expect(session.stderr).to.match(/^The step four of the job only wrote nothing \(FAILED, ExitCode\): /);
  });

  it('asks for a job if there are several', async () => {
    const session = at('logs', await create(readmePipeline));
    expect(await session.exitCode).to.equal(2);
    expect(session.stderr).to.contain('first, success, error');
  });

  describe('of a running job', () => {
    it('says that it is still running, and how to follow it', async () => {
      const uid = await create(oneJob);
      const attempt = await server.start(uid, 0);
      await attempt.write('one\ntw');
      const session = at('logs', uid);
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.equal('one\ntw');
      expect(session.stderr).to.match(
        /^\nThe job only still runs \(RUNNING, Starting\): .* To go on with its log: (.*)\n$/,
      );
      expect(session.stderr).to.contain(`chainr logs ${uid} only --follow`);
    });

    it('says that there is no output yet', async () => {
      const uid = await create(oneJob);
      await server.start(uid, 0);
      const session = at('logs', uid);
      expect([await session.exitCode, session.stdout]).to.deep.equal([0, '']);
      expect(session.stderr).to.match(/^The job only has written nothing yet \(RUNNING, Starting\): /);
    });

    it('does not say that a step wrote nothing if it may not have started', async () => {
      const uid = await create(twoSteps);
      const attempt = await server.start(uid, 0);
      await attempt.write('written by one\n');
      const session = at('logs', uid, '--step', 'four');
      expect([await session.exitCode, session.stdout]).to.deep.equal([0, '']);
      expect(session.stderr)
        .to.match(/^The step four of the job only has written nothing yet \(RUNNING, Starting\): /)
        .and.to.contain(`logs ${uid} only --step four --follow`);
    });
  });

  describe('right after the end of the job', () => {
    /** An ended job with only the beginning of its log stored. */
    const endEarly = async (): Promise<{ uid: string; attempt: StartedAttempt }> => {
      const uid = await create(twoSteps);
      const attempt = await server.start(uid, 0);
      await attempt.write('one\ntw');
      await attempt.finish('ExitCode', 1);
      return { uid, attempt };
    };
    /** Reads such a log, and stores its end right after the first, incomplete answer. */
    const readLate = async (query: LogQuery, end: (attempt: StartedAttempt) => Promise<void>, patienceMs?: number) => {
      const { uid, attempt } = await endEarly();
      const follows: Promise<void>[] = [];
      const noting: Fetch = (url, init) => {
        if (url.includes('follow=true')) follows.push(end(attempt));
        return fetch(url, init);
      };
      const client = new Client({ baseUrl: server.url, fetch: noting });
      const asText = logText();
      let text = '';
      const reading = async () => {
        for await (const line of readWholeLog(client, { uid, name: 'only' }, query, patienceMs)) text += asText(line);
      };
      const error = await reading().then(() => undefined, (reason: unknown) => reason); // prettier-ignore
      expect(follows).to.have.length(1);
      await Promise.all(follows);
      return { text, error };
    };
    const writeRest = async (attempt: StartedAttempt) => {
      await attempt.write('o\n');
      await attempt.write('three\n', 1);
      await attempt.endLog();
    };

    it('prints the complete log, however late its end is stored', async () => {
      const shapes = [[], ['--attempt', '1'], ['--step', 'one'], ['-o', 'json']];
      const printed = shapes.map(async (options) => {
        const { uid, attempt } = await endEarly();
        const session = at('logs', uid, ...options);
        await session.until(/tw/);
        await writeRest(attempt);
        expect(await session.exitCode, session.stderr).to.equal(0);
        expect(session.stderr).to.equal('');
        return session.stdout;
      });
      const [whole, ofAttempt, ofStep, asJson = ''] = await Promise.all(printed);
      expect([whole, ofAttempt, ofStep]).to.deep.equal(['one\ntwo\nthree\n', 'one\ntwo\nthree\n', 'one\ntwo\n']);
      const lines = asJson.trimEnd().split('\n').map((line) => logLineSchema.parse(JSON.parse(line))); // prettier-ignore
      expect(lines.map(({ text }) => text)).to.deep.equal(['one', 'tw', 'o', 'three']);
    });

    it('prints lines that come with the end: of another step, or only the end mark', async () => {
      const [ofStep, unchanged] = await Promise.all([
        readLate({ step: 'four' }, writeRest),
        readLate({}, (attempt) => attempt.endLog()),
      ]);
      expect(ofStep).to.deep.equal({ text: 'three\n', error: undefined });
      expect(unchanged).to.deep.equal({ text: 'one\ntw', error: undefined });
    });

    it('ends with an error that says what may be missing if the end does not come', async () => {
      const nothing = () => Promise.resolve();
      const read = await Promise.all([readLate({}, nothing, 1), readLate({ step: 'four' }, nothing, 500)]);
      expect(read.map(({ text }) => text)).to.deep.equal(['one\ntw', '']);
      for (const { error } of read) {
        expect(error).to.be.instanceOf(CouldNot);
        expect((error as CouldNot).message).to.match(
          /^the log of attempt 1 of the job only is incomplete: .* from byte 6 on /,
        );
      }
    });
  });
});
