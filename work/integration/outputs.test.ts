import { expect } from 'chai';
import { beginning } from '@chainr/core/store/events/event-stream';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { statusAndReason } from '@chainr/testkit/statuses';
import { untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import { describeOnExecutors } from '../suite/seen-from-outside.js';

const pipeline = {
  kind: 'Pipeline',
  jobs: {
    build: {
      image: 'busybox:latest',
      steps: [
        { name: 'name', run: 'echo "image=busybox" > "$CHAINR_OUTPUT"; echo "tag=none" >> "$CHAINR_OUTPUT"' },
        { name: 'tag', run: 'echo "tag=latest" >> "$CHAINR_OUTPUT"; exit 3', continueOnError: true },
      ],
    },
    use: {
      dependsOn: ['build'],
      image: '${{ jobs.build.outputs.image }}:${{ jobs.build.outputs.tag }}',
      env: { NAMED: '<${{ jobs.build.outputs.image }}:${{ jobs.build.outputs.tag }}>' },
      run: 'echo "got $NAMED"; echo "why=it is broken" > "$CHAINR_OUTPUT"; exit 4',
      allowFailure: true,
    },
    repair: {
      dependsOn: [{ job: 'use', conditions: { failure: true } }],
      image: 'busybox:latest',
      env: { WHY: '${{ jobs.use.outputs.why }}', TAG: '${{ jobs.build.outputs.tag }}' },
      run: 'echo "repairs $TAG since $WHY"',
    },
  },
};

describeOnExecutors('outputs of jobs', (subject) => {
  const folders = useDataFolders();

  async function withGroup(work: (group: WorkerGroup) => Promise<void>): Promise<void> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: { ...briefLeases, ...subject.env() } });
    try {
      await work(group);
    } finally {
      await group.stop();
    }
  }

  async function expectAllTold(group: WorkerGroup, run: string): Promise<void> {
    await untilFinal(group.store.events, run);
    const jobs = await group.store.runs.listJobs(run, { from: 0, limit: 10 });
    expect(jobs.map((job) => `${job.name} ${statusAndReason(job)}`)).to.deep.equal([
      'build SUCCESSFUL Completed',
      'use FAILED ExitCode',
      'repair SUCCESSFUL Completed',
    ]);
    const { events } = await group.store.events.readEvents(beginning, 1_000);
    expect(events.filter((event) => 'status' in event && event.kind === 'job.status' && event.attempt > 1)).to.eql([]);
    expect(await group.logOf(run, 1)).to.deep.equal(['main stdout got <busybox:latest>']);
    expect(await group.logOf(run, 2)).to.deep.equal(['main stdout repairs latest since it is broken']);
    expect(await group.store.runs.getOutputs(run, [0, 1, 2])).to.deep.equal(
      new Map([
        [0, { image: 'busybox', tag: 'latest' }],
        [1, { why: 'it is broken' }],
      ]),
    );
  }

  it('reach the variables and images of dependents, from failed jobs too', async function () {
    this.timeout(120_000);
    await withGroup(async (group) => {
      const worker = await group.startWorker();
      const run = await group.createRun(pipeline);
      await expectAllTold(group, run);
      worker.signal('SIGTERM');
      await worker.ended;
    });
  });

  it('are not lost with a worker that is killed after the end of a job and before its report', async function () {
    this.timeout(120_000);
    await withGroup(async (group) => {
      const fault = { point: 'before-finish', signal: 'SIGKILL' } as const;
      const first = await group.startWorker(fault);
      const run = await group.createRun(pipeline);
      await group.untilReached(fault);
      expect((await first.ended).signal).to.equal('SIGKILL');
      expect((await group.store.runs.getOutputs(run, [0])).size).to.equal(0);
      const second = await group.startWorker();
      await second.says(/"event":"attempt.adopted"/);
      await expectAllTold(group, run);
      second.signal('SIGTERM');
      await second.ended;
    });
  });
});
