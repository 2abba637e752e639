import { expect } from 'chai';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunUid } from '@chainr/core/engine/records';
import type { Executor } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent } from '@chainr/testkit/waits';
import { holding, openWorker, type OpenWorker } from './open-worker.js';

const secret = 'a-planted-secret';
const running = 'Running.';
const starting = 'A worker has claimed it and is starting it.';
const canceling = 'A cancel was requested; it is being stopped.';
const sentenceOf = (said: string) => `The executor is out of order: ${said}. Trying again.`;

describe('an executor that is out of order is told in the message of the job', function () {
  this.timeout(60_000);
  let secretsDir: string;
  let executor: ReturnType<typeof holding>;
  let worker: OpenWorker;
  let run: RunUid;
  /** The error with which a verb fails as long as it is set, and how often one failed. */
  let faults: Partial<Record<'ensure' | 'observe' | 'stop' | 'logs', () => Error>>;
  let failures: number;
  /** Ends the current observation, so that the next one gets the fault. */
  let interrupt: (fault: unknown) => void;

  beforeEach(async () => {
    secretsDir = await mkdtemp(path.join(tmpdir(), 'chainr-secrets-'));
    await writeFile(path.join(secretsDir, 'token'), secret);
    faults = {};
    failures = 0;
    executor = holding();
    worker = await openWorker({ secretsDir, stopGraceMs: 0 }, harmed(executor));
  });
  afterEach(async () => {
    faults = {};
    await worker.close();
    await rm(secretsDir, { recursive: true, force: true });
  });

  function harmed(whole: Executor): Executor {
    const check = (verb: keyof typeof faults) => {
      const fault = faults[verb];
      if (!fault) return;
      failures += 1;
      throw fault();
    };
    return {
      ...whole,
      ensure: async (...args) => (check('ensure'), whole.ensure(...args)),
      stop: async (...args) => (check('stop'), whole.stop(...args)),
      logs: (...args) => (check('logs'), whole.logs(...args)),
      observe: async (spec, onPhase, signal) => {
        check('observe');
        const broken = new Promise<never>((_resolve, reject) => (interrupt = reject));
        onPhase({ reason: 'Executing', at: Date.now() });
        return Promise.race([whole.observe(spec, onPhase, signal), broken]);
      },
    };
  }
  const begin = async (job = {}) => {
    run = await worker.create(pipelineOf({ only: job }));
    await worker.take(run);
  };
  const until = (message: string, after?: string) => {
    const matches = (event: object) =>
      'message' in event && event.message === message && 'run' in event && event.run === run;
    return untilEvent(worker.store.events, matches, after === undefined ? {} : { after });
  };
  const reasonOf = async () => {
    const job = await worker.store.runs.findJob(run, 'only');
    return [job?.reason, job?.message];
  };
  const messages = async () => {
    const { events } = await worker.store.events.readEvents('0-0', 1_000);
    return events.flatMap((event) => (event.kind === 'job.reason' ? [event.message] : []));
  };
  const end = () => executor.end({ run, job: 'only', attempt: 1 }, completed);

  it('while it cannot be started, until it is', async () => {
    faults.ensure = () => new Error('no space left on device');
    await begin();
    await until(sentenceOf('no space left on device'));
    expect(await reasonOf()).to.eql(['Starting', sentenceOf('no space left on device')]);
    delete faults.ensure;
    await until(running);
    expect(await reasonOf()).to.eql(['Executing', running]);
    end();
    await worker.untilJob(run, 'only', 'SUCCESSFUL');
    expect(await messages()).to.eql([sentenceOf('no space left on device'), starting, running]);
  });

  it('while it runs, until it is seen to run', async () => {
    await begin();
    await until(running);
    faults.observe = () => new Error('(HTTP code 500) server error -\n the shim is gone. ');
    interrupt(faults.observe());
    const sentence = sentenceOf('(HTTP code 500) server error - the shim is gone');
    await until(sentence);
    expect(await reasonOf()).to.eql(['Executing', sentence]);
    const cursor = await worker.store.events.lastCursor();
    delete faults.observe;
    await until(running, cursor);
    expect(await reasonOf()).to.eql(['Executing', running]);
  });

  it('while it cannot be stopped, beside what it is stopped for', async () => {
    await begin();
    await until(running);
    faults.stop = () => new Error('away');
    await worker.store.transitions.cancel(run);
    const [attempt] = worker.runner.list();
    attempt?.requestStop('CanceledByUser');
    await until(`${canceling} ${sentenceOf('away')}`);
    expect((await reasonOf())[0]).to.equal('Canceling');
    delete faults.stop;
    await worker.untilJob(run, 'only', 'CANCELED');
  });

  it('without its secrets', async () => {
    await begin({ env: { TOKEN: { secret: 'token' } } });
    await until(running);
    faults.observe = () => new Error(`bad reply: ${Buffer.from(`user:${secret}`).toString('base64')}, ${secret}`);
    interrupt(faults.observe());
    await until(sentenceOf('bad reply: dXNlcjph***, ***').replace('dXNlcjph', 'dXNlcj'));
    expect(JSON.stringify(await messages())).to.not.contain(secret);
  });

  it('where its secrets cannot be read, until they can', async () => {
    await rm(path.join(secretsDir, 'token'));
    await symlink('token', path.join(secretsDir, 'token')); // A link to itself.
    await begin({ env: { TOKEN: { secret: 'token' } } });
    const told = (event: object) =>
      'message' in event && String(event.message).startsWith('The secrets or outputs that a job refers to cannot be');
    await untilEvent(worker.store.events, told);
    expect((await reasonOf())[0]).to.equal('Starting');
    await rm(path.join(secretsDir, 'token'));
    await writeFile(path.join(secretsDir, 'token'), secret);
    await until(running);
    expect((await messages()).slice(1)).to.eql([starting, running]);
  });

  it('by its code where it has no words', async () => {
    faults.ensure = () => Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    await begin();
    await until(sentenceOf('ECONNREFUSED'));
  });

  it('not where it goes on at the third try', async () => {
    faults.ensure = () => {
      if (failures === 2) delete faults.ensure;
      return new Error('a moment');
    };
    await begin();
    await until(running);
    expect(failures).to.equal(2);
    expect(await messages()).to.eql([running]);
  });

  it('not where only its output cannot be read', async () => {
    faults.logs = () => new Error('the log driver does not support reading');
    await begin();
    await until(running);
    await untilFound(
      'four failures',
      () => failures,
      (count) => count >= 4,
    );
    delete faults.logs;
    end();
    await worker.untilJob(run, 'only', 'SUCCESSFUL');
    expect(await messages()).to.eql([running]);
  });
});
