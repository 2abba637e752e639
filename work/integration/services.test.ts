import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { parsePipelineText } from '@chainr/core/pipeline/reading/parse-pipeline';
import { dockerCommand } from '@chainr/testkit/docker-command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { statusAndReason } from '@chainr/testkit/statuses';
import { untilFinal } from '@chainr/testkit/waits';
import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';

const secret = 'a-planted-secret';
const example = new URL('../../examples/services.yaml', import.meta.url);
const image = 'busybox';
const waits = `trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done`;

describe('services of jobs', function () {
  this.timeout(120_000);
  const used = useDockerDaemon();
  const folders = useDataFolders();

  async function withGroup(work: (group: WorkerGroup) => Promise<void>): Promise<void> {
    const env = {
      CHAINR_DOCKER_HOST: `unix://${used.socketPath}`,
      CHAINR_DOCKER_HELPER_IMAGE: image,
      CHAINR_SECRETS_ENV: 'PLANTED_',
      PLANTED_TOKEN: secret,
    };
    const group = await WorkerGroup.start({ home: await folders.make(), kind: 'docker', env: { ...briefLeases, ...env } }); // prettier-ignore
    try {
      await work(group);
    } finally {
      await group.stop();
    }
  }
  const jobOf = async (group: WorkerGroup, run: string) => (await group.store.runs.listJobs(run, { from: 0, limit: 1 }))[0]; // prettier-ignore

  it('are reached as examples/services.yaml says, and have their own name in the log', async () => {
    const text = await readFile(example, 'utf8');
    await withGroup(async (group) => {
      const worker = await group.startWorker();
      const run = await group.createRun(parsePipelineText(text, 'application/yaml') as object);
      await untilFinal(group.store.events, run);
      const job = await jobOf(group, run);
      expect(job && statusAndReason(job)).to.equal('SUCCESSFUL Completed');
      expect(await group.logOf(run, 0)).to.have.members([
        'shop stdout the shop is open',
        'by-name stdout welcome',
        'on-localhost stdout welcome',
      ]);
      worker.signal('SIGTERM');
      await worker.ended;
    });
  });

  it('fail a job that they are not ready for, again by its retries alone, with secrets hidden', async () => {
    await withGroup(async (group) => {
      const worker = await group.startWorker();
      const service = {
        name: 'db',
        image,
        env: { TOKEN: { secret: 'token' } },
        command: ['/bin/sh', '-c', 'echo "no access with $TOKEN"; exit 5'],
        ready: { tcp: 5432 },
      };
      const retries = { limit: 1, backoff: { initial: '1ms' } };
      const run = await group.createRun({
        kind: 'Pipeline',
        jobs: { only: { image, run: 'echo never', services: [service], retries } },
      });
      await untilFinal(group.store.events, run);
      const job = await jobOf(group, run);
      expect(job && statusAndReason(job)).to.equal('FAILED ServiceNotReady');
      expect(job?.attempt).to.equal(2);
      expect(job?.message).to.equal(
        'The service "db" ended with exit code 5 before it was ready. Its last lines:\nno access with ***',
      );
      for (const attempt of [1, 2])
        expect(await group.logOf(run, 0, attempt)).to.deep.equal(['db stdout no access with ***']);
      worker.signal('SIGTERM');
      await worker.ended;
    });
  });

  for (const point of ['after-create', 'after-start'] as const) {
    it(`are started once if their worker is killed at the fault point ${point} of the first one`, async () => {
      await withGroup(async (group) => {
        const fault = { point, signal: 'SIGKILL' } as const;
        const first = await group.startWorker(fault);
        const services = ['one', 'two'].map((name) => ({ name, image, command: ['/bin/sh', '-c', waits], ready: { run: 'true' } })); // prettier-ignore
        const run = await group.createRun({
          kind: 'Pipeline',
          jobs: { only: { image, run: 'echo worked', services } },
        });
        await group.untilReached(fault);
        expect((await first.ended).signal).to.equal('SIGKILL');
        const second = await group.startWorker();
        await untilFinal(group.store.events, run);
        const job = await jobOf(group, run);
        expect(job && statusAndReason(job)).to.equal('SUCCESSFUL Completed');
        expect(job?.attempt).to.equal(1);
        expect(await group.logOf(run, 0)).to.deep.equal(['main stdout worked']);
        const filters = ['--filter', 'event=start', '--filter', `label=chainr.run=${run}`];
        const until = ((Date.now() + 2) / 1000).toFixed(3);
        const started = await dockerCommand(used.socketPath, ['events', '--since', '10m', '--until', until, ...filters, '--format', '{{.Actor.Attributes.name}}']); // prettier-ignore
        expect(new Set(started).size).to.equal(started.length);
        expect(started).to.have.length(4);
        expect(await dockerCommand(used.socketPath, ['ps', '--quiet', '--filter', `label=chainr.run=${run}`])).to.deep.equal([]); // prettier-ignore
        second.signal('SIGTERM');
        await second.ended;
      });
    });
  }
});
