import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import { createFakeExecutor, type FakeEnd } from '@chainr/executor/fake/create-fake-executor';
import type { AttemptSpec } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { builtClaim } from './built-claim.js';
import { adoptExpiredLeases } from '../src/sweeps/adopt-expired-leases.js';
import { closeEndedAttempts } from '../src/sweeps/close-ended-attempts.js';
import { AdoptionHoldOff } from '../src/sweeps/adoption-hold-off.js';
import { never, openWorker, type OpenWorker } from './open-worker.js';

const tag = '${{ jobs.build.outputs.tag }}';
const secret = 'a-planted-secret';

describe('what a job refers to', () => {
  let worker: OpenWorker;
  let secrets: string;
  let started: AttemptSpec[];
  let ends: Record<string, FakeEnd>;
  let executor: ReturnType<typeof createFakeExecutor>;

  beforeEach(async () => {
    secrets = await mkdtemp(path.join(tmpdir(), 'chainr-secrets-'));
    await writeFile(path.join(secrets, 'token'), `${secret}\n`);
    started = [];
    ends = {};
    executor = createFakeExecutor({ decide: ({ job }) => ends[job] ?? {}, onStart: (spec) => started.push(spec) });
    worker = await openWorker({ secretsDir: secrets }, executor);
  });

  afterEach(async () => {
    await worker.close();
    await rm(secrets, { recursive: true, force: true });
  });

  const stepsOf = (job: string) => started.find((spec) => spec.job === job)?.steps;
  const adopt = () =>
    adoptExpiredLeases(worker.context, worker.runner, new AdoptionHoldOff(worker.store, 0)).sweep(never);
  const closeEnded = () => closeEndedAttempts(worker.context, worker.runner, new AdoptionHoldOff(worker.store, 0)).sweep(never); // prettier-ignore

  describe('as outputs of another', () => {
    it('is in its variables and its image, and in those of jobs further down', async () => {
      ends.build = { outcome: { ...completed, outputs: { tag: 'v1.2', empty: '' } } };
      const run = await worker.create(
        pipelineOf({
          build: [],
          deploy: {
            dependsOn: ['build'],
            image: `registry/app:${tag}`,
            env: { TAG: `<${tag}|${tag}>`, PLAIN: '$TAG' },
          },
          last: { dependsOn: ['deploy'], env: { EMPTY: '${{ jobs.build.outputs.empty }}', TAG: tag } },
        }),
      );
      await worker.take(run);
      await worker.untilJob(run, 'last', 'SUCCESSFUL');
      const [step] = stepsOf('deploy') ?? [];
      expect(step).to.deep.include({ image: 'registry/app:v1.2', env: { TAG: '<v1.2|v1.2>', PLAIN: '$TAG' } });
      expect(stepsOf('last')?.[0]?.env).to.deep.equal({ EMPTY: '', TAG: 'v1.2' });
      expect(await worker.store.runs.getOutputs(run, [0, 1])).to.deep.equal(new Map([[0, { tag: 'v1.2', empty: '' }]]));
    });

    it('is there for those who take over from a job that failed', async () => {
      ends.build = { outcome: { reason: 'ExitCode', exitCode: 1, outputs: { tag: 'broken' } } };
      const dependsOn = [{ job: 'build', conditions: { failure: true } }];
      const run = await worker.create(pipelineOf({ build: [], repair: { dependsOn, env: { TAG: tag } } }));
      await worker.take(run);
      await worker.untilJob(run, 'repair', 'SUCCESSFUL');
      expect(stepsOf('repair')?.[0]?.env).to.deep.equal({ TAG: 'broken' });
    });

    it('ends it with a sentence where it was not written, before anything of it is started', async () => {
      const after = { dependsOn: [{ job: 'deploy', conditions: { failure: true } }] };
      const run = await worker.create(
        pipelineOf({ build: [], deploy: { dependsOn: ['build'], env: { TAG: tag } }, after }),
      );
      await worker.take(run);
      await worker.untilJob(run, 'after', 'SUCCESSFUL');
      expect(await worker.store.runs.findJob(run, 'deploy')).to.deep.include({
        status: 'FAILED',
        reason: 'ConfigError',
        message:
          'The job "build" has no output "tag", which the variable TAG of step "main" refers to; write ${{ jobs.build.outputs.tag or "text" }} to give a default.',
      });
      expect(started.map(({ job }) => job)).to.deep.equal(['build', 'after']);
      await worker.untilIdle();
      expect(await worker.store.leases.list(worker.context.executorNumber())).to.deep.equal([]);
    });

    it('is the default where it was not written, and where its job was skipped', async () => {
      const dependsOn = [{ job: 'build', conditions: { success: true, skipped: true } }];
      const env = {
        TAG: '<${{ jobs.build.outputs.tag or "no \\"tag\\"" }}>',
        EMPTY: '${{ jobs.build.outputs.empty or "x" }}',
      };
      ends.fails = { outcome: { reason: 'ExitCode', exitCode: 1 } };
      ends.build = { outcome: { ...completed, outputs: { empty: '' } } };
      const image = 'app:${{ jobs.build.outputs.tag or "latest" }}';
      for (const [first, empty] of [
        ['passes', ''],
        ['fails', 'x'],
      ] as const) {
        const jobs = { [first]: [], build: [first], tell: { dependsOn, env, image } };
        const run = await worker.create(pipelineOf(jobs));
        await worker.take(run);
        await worker.untilJob(run, 'tell', 'SUCCESSFUL');
        const [step] = started.findLast(({ job }) => job === 'tell')?.steps ?? [];
        expect(step).to.deep.include({ image: 'app:latest', env: { TAG: '<no "tag">', EMPTY: empty } });
      }
    });

    it('must make the name of an image of an image', async () => {
      ends.build = { outcome: { ...completed, outputs: { tag: 'not one' } } };
      const run = await worker.create(pipelineOf({ build: [], deploy: { dependsOn: ['build'], image: `app:${tag}` } }));
      await worker.take(run);
      expect(await worker.untilJob(run, 'deploy', 'FAILED')).to.include({
        reason: 'ConfigError',
        message: 'What outputs make of the image of step "main" is not the name of an image.',
      });
    });

    it('outlives a worker that is killed after the end of the job and before its report', async () => {
      const deploy = { dependsOn: ['build'], env: { TAG: tag } };
      const { run } = await builtClaim(worker, 'dead', pipelineOf({ build: [], deploy }));
      ends.build = { outcome: { ...completed, outputs: { tag: 'v7' } } };
      const build = { run, job: 'build', attempt: 1, pipeline: '', steps: [] };
      await executor.ensure(build, () => undefined);
      await worker.forward(8_000);
      expect(await adopt()).to.include({ changed: 1 });
      await worker.untilJob(run, 'deploy', 'SUCCESSFUL');
      expect(stepsOf('deploy')?.[0]?.env).to.deep.equal({ TAG: 'v7' });
    });
  });

  describe('as a value of the cluster', () => {
    it('goes to the executor as it was written, apart from the other variables', async () => {
      const level = { configMap: 'settings', key: 'level' };
      const token = { kubernetesSecret: 'registry', key: 'token' };
      const written = {
        kind: 'Pipeline',
        env: { LEVEL: level, REPLACED: level },
        jobs: {
          only: {
            image: 'busybox',
            run: ':',
            env: { TOKEN: token, REPLACED: 'plain', HIDDEN: { secret: 'token' } },
            services: [{ name: 'db', image: 'db', env: { TOKEN: token } }],
          },
          plain: { image: 'busybox', run: ':', env: { LEVEL: 'x', REPLACED: 'x' } },
        },
      };
      const checked = checkPipeline(written);
      if ('mistakes' in checked) expect.fail(JSON.stringify(checked.mistakes));
      const run = await worker.create(checked.pipeline);
      await worker.take(run);
      await worker.untilJob(run, 'only', 'SUCCESSFUL');
      await worker.untilJob(run, 'plain', 'SUCCESSFUL');
      const only = started.find(({ job }) => job === 'only');
      expect(only?.steps[0]).to.deep.include({
        env: { REPLACED: 'plain', HIDDEN: secret },
        clusterEnv: { LEVEL: level, TOKEN: token },
      });
      expect(only?.services).to.deep.equal([{ name: 'db', image: 'db', env: {}, clusterEnv: { TOKEN: token } }]);
      const [plain] = stepsOf('plain') ?? [];
      expect(plain).to.deep.include({ env: { LEVEL: 'x', REPLACED: 'x' } });
      expect(plain).not.to.have.property('clusterEnv');
    });
  });

  describe('as a secret', () => {
    const pipeline = () => pipelineOf({ only: { env: { TOKEN: { secret: 'token' }, PLAIN: 'x' } } });

    it('is in its variables, and covered in its log and its message', async () => {
      const lines = [{ text: `it is ${secret}` }, { text: Buffer.from(secret).toString('base64') }];
      ends.only = { outcome: { reason: 'ExitCode', exitCode: 1, message: `I know ${secret}.` }, lines };
      const run = await worker.create(pipeline());
      await worker.take(run);
      expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({ message: 'I know ***.' });
      await worker.untilIdle();
      expect(stepsOf('only')?.[0]?.env).to.deep.equal({ TOKEN: secret, PLAIN: 'x' });
      expect(await worker.logOf(run, 0)).to.deep.equal(['it is ***', '***']);
    });

    it('is left to the executor where that can give it, and hidden all the same', async () => {
      const place = { kubernetesSecret: 'ci', key: 'token' };
      executor.readSecret = async (name) => ({
        bytes: Buffer.from(`kept-${name}`),
        ...(name === 'placed' && { place }),
      });
      const lines = [{ text: 'it is kept-placed or kept-other' }];
      ends.only = { outcome: completed, lines };
      const env = { PLACED: { secret: 'placed' }, OTHER: { secret: 'other' }, PLAIN: 'x' };
      const run = await worker.create(pipelineOf({ only: { env } }));
      await worker.take(run);
      await worker.untilJob(run, 'only', 'SUCCESSFUL');
      await worker.untilIdle();
      expect(stepsOf('only')?.[0]).to.deep.include({
        env: { OTHER: 'kept-other', PLAIN: 'x' },
        clusterEnv: { PLACED: place },
        secretNames: ['PLACED', 'OTHER'],
      });
      expect(await worker.logOf(run, 0)).to.deep.equal(['it is *** or ***']);
    });

    it('is looked for only where nothing of the job itself stands in its place', async () => {
      const written = {
        kind: 'Pipeline',
        env: { TOKEN: { secret: 'nowhere' }, ALL: { secret: 'token' } },
        jobs: { only: { image: 'busybox', run: ':', env: { TOKEN: 'plain' } } },
      };
      const checked = checkPipeline(written);
      if ('mistakes' in checked) expect.fail(JSON.stringify(checked.mistakes));
      const run = await worker.create(checked.pipeline);
      await worker.take(run);
      await worker.untilJob(run, 'only', 'SUCCESSFUL');
      expect(stepsOf('only')?.[0]?.env).to.deep.equal({ TOKEN: 'plain', ALL: secret });
    });

    it('is in the variables of a service, and covered in the log; the service gets nothing else', async () => {
      const services = [
        { name: 'db', image: `db:${tag}`, env: { PASSWORD: { secret: 'token' }, TAG: tag } },
        { name: 'cache', image: 'redis', ready: { tcp: 6379 } },
      ];
      ends.build = { outcome: { ...completed, outputs: { tag: 'v3' } } };
      ends.only = { outcome: completed, lines: [{ text: `it is ${secret}`, step: 'db' }] };
      const only = { dependsOn: ['build'], env: { OWN: 'x' }, services };
      const run = await worker.create(pipelineOf({ build: [], only }, { env: { ALL: 'x' } }));
      await worker.take(run);
      await worker.untilJob(run, 'only', 'SUCCESSFUL');
      await worker.untilIdle();
      expect(started.find(({ job }) => job === 'only')?.services).to.deep.equal([
        { name: 'db', image: 'db:v3', env: { PASSWORD: secret, TAG: 'v3' }, secretNames: ['PASSWORD'] },
        { name: 'cache', image: 'redis', env: {}, ready: { tcp: 6379, timeoutMs: 60_000 } },
      ]);
      expect(await worker.logOf(run, 1)).to.deep.equal(['it is ***']);
    });

    it('ends the job where a service needs it and it is not there', async () => {
      const services = [{ name: 'db', image: 'db', env: { PASSWORD: { secret: 'nowhere' } } }];
      const run = await worker.create(pipelineOf({ only: { services } }));
      await worker.take(run);
      expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({
        reason: 'ConfigError',
        message:
          'The secret "nowhere", for the variable PASSWORD of service "db", does not exist: give it to the worker as a file of that name in its CHAINR_SECRETS_DIR.',
      });
    });

    it('ends the job with a sentence where it is not there', async () => {
      await rm(path.join(secrets, 'token'));
      const run = await worker.create(pipeline());
      await worker.take(run);
      expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({
        reason: 'ConfigError',
        message:
          'The secret "token", for the variable TOKEN of step "main", does not exist: give it to the worker as a file of that name in its CHAINR_SECRETS_DIR.',
      });
      expect(executor.world.startCount).to.equal(0);
    });

    /** Replaces the secret by a link to itself, which cannot be read. */
    async function breakDisk(): Promise<void> {
      await rm(path.join(secrets, 'token'));
      await symlink('token', path.join(secrets, 'token'));
    }

    it('is waited for while it cannot be read', async () => {
      await breakDisk();
      const run = await worker.create(pipeline());
      await worker.take(run);
      // In one step: if the file were missing for a moment, the job would rightly end.
      await writeFile(path.join(secrets, 'next'), secret);
      await rename(path.join(secrets, 'next'), path.join(secrets, 'token'));
      await worker.untilJob(run, 'only', 'SUCCESSFUL');
      expect(stepsOf('only')?.[0]?.env).to.include({ TOKEN: secret });
    });

    it('is not waited for by a job that is to end, nor by a worker', async () => {
      await breakDisk();
      const run = await worker.create(pipeline());
      await worker.take(run);
      const [attempt] = worker.runner.list();
      attempt?.requestStop('PendingTimedOut');
      await worker.untilJob(run, 'only', 'FAILED');
      const another = await worker.create(pipeline());
      await worker.take(another);
      await worker.runner.stop();
      expect(executor.world.startCount).to.equal(0);
      expect((await worker.store.runs.findJob(another, 'only'))?.status).to.equal('RUNNING');
    });

    it('is not stored with an output', async () => {
      ends.only = { outcome: { ...completed, outputs: { url: `https://${secret}@host` } } };
      const run = await worker.create(pipeline());
      await worker.take(run);
      expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({
        reason: 'ConfigError',
        message: 'The output "url" has the value of a secret in it, and outputs are shown to all.',
      });
      expect((await worker.store.runs.getOutputs(run, [0])).size).to.equal(0);
      expect((await worker.store.runs.listAttempts(run, 0))[0]).to.include({ exitCode: 0 });
    });

    /** A run whose only job was started by a worker that is dead now. */
    async function abandoned(end: FakeEnd): Promise<string> {
      const { run } = await builtClaim(worker, 'dead', pipeline());
      ends.only = end;
      await executor.ensure({ run, job: 'only', attempt: 1, pipeline: '', steps: [] }, () => undefined);
      await worker.forward(8_000);
      return run;
    }

    it('is covered as well by who adopts the job', async () => {
      const run = await abandoned({ lines: [{ text: `it is ${secret}` }] });
      await adopt();
      await worker.untilJob(run, 'only', 'SUCCESSFUL');
      await worker.untilIdle();
      expect(await worker.logOf(run, 0)).to.deep.equal(['it is ***']);
    });

    it('ends the job when who adopts it has it no more, and nothing further of its log is told', async () => {
      await rm(path.join(secrets, 'token'));
      const run = await abandoned({ hold: true, lines: [{ text: `it is ${secret}` }] });
      await adopt();
      const { reason, message } = await worker.untilJob(run, 'only', 'FAILED');
      await worker.untilIdle();
      expect(reason).to.equal('ConfigError');
      expect(await worker.logOf(run, 0)).to.deep.equal([
        `The log is cut here, since its secrets cannot be hidden any more: ${message}`,
      ]);
      expect((await worker.store.runs.listAttempts(run, 0))[0]).to.include({ exitCode: 143 });
    });

    /** The dead worker has reported the end of the job, but not stored its log. */
    async function endedByTheDead(): Promise<string> {
      const run = await abandoned({ lines: [{ text: `it is ${secret}` }] });
      const [lease] = await worker.store.leases.list(worker.context.executorNumber());
      if (!lease) expect.fail('there is no lease');
      await worker.store.transitions.finish(lease, completed, {});
      return run;
    }

    it('is covered by who closes a job that has ended', async () => {
      const run = await endedByTheDead();
      await closeEnded();
      await worker.untilIdle();
      expect(await worker.logOf(run, 0)).to.deep.equal(['it is ***']);
    });

    it('is not told by who closes a job that has ended and has it no more', async () => {
      const run = await endedByTheDead();
      await rm(path.join(secrets, 'token'));
      await closeEnded();
      await worker.untilIdle();
      const log = await worker.logOf(run, 0);
      expect(log).to.have.length(1);
      expect(log[0]).to.match(/^The log is cut here, since its secrets cannot be hidden any more: The secret "token"/);
    });
  });
});
