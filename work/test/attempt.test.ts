import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import type { Executor } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { untilEvent } from '@chainr/testkit/waits';
import type { Attempt, AttemptPhase } from '../src/attempt/attempt.js';
import { adoptExpiredLeases } from '../src/sweeps/adopt-expired-leases.js';
import { AdoptionHoldOff } from '../src/sweeps/adoption-hold-off.js';
import { builtClaim } from './built-claim.js';
import { holding, never, openWorker, type OpenWorker } from './open-worker.js';

describe('the life of an attempt in a worker', () => {
  let worker: OpenWorker;
  let executor: ReturnType<typeof holding>;
  let stops: number;
  beforeEach(() => {
    stops = 0;
    executor = holding();
  });
  afterEach(() => worker.close());

  async function begin(config = {}, its: Partial<Executor> = {}): Promise<{ run: RunUid; attempt: Attempt }> {
    const stop: Executor['stop'] = (...args) => ((stops += 1), executor.stop(...args));
    worker = await openWorker(config, { ...executor, stop, ...its });
    const run = await worker.create(pipelineOf({ only: [] }));
    await worker.take(run);
    return { run, attempt: worker.runner.list()[0]! };
  }
  const untilExecuting = (run: RunUid) =>
    untilEvent(worker.store.events, (event) => {
      return event.kind === 'job.reason' && event.run === run && event.reason === 'Executing';
    });
  const end = (run: RunUid) => executor.end({ run, job: 'only', attempt: 1 }, completed);

  it('goes from its claim to its start, its end and its close', async () => {
    let whenEnsured: AttemptPhase | undefined;
    const { run, attempt } = await begin({}, {
      ensure: (...args) => ((whenEnsured = worker.runner.list()[0]?.phase), executor.ensure(...args)),
    }); // prettier-ignore
    await untilExecuting(run);
    expect(whenEnsured).to.equal('claimed');
    expect(attempt.phase).to.equal('begun');
    expect(attempt.isOver).to.equal(false);
    end(run);
    await worker.untilIdle();
    expect(attempt.phase).to.equal('closed');
    expect(attempt.isOver).to.equal(true);
  });

  it('begins with an adoption if another worker claimed it', async () => {
    let whenEnsured: AttemptPhase | undefined;
    worker = await openWorker({}, {
      ...executor,
      ensure: (...args) => ((whenEnsured = worker.runner.list()[0]?.phase), executor.ensure(...args)),
    }); // prettier-ignore
    const { run } = await builtClaim(worker, 'dead');
    await worker.forward(8_000);
    const holdOff = new AdoptionHoldOff(worker.store, 0);
    await adoptExpiredLeases(worker.context, worker.runner, holdOff).sweep(never);
    await untilExecuting(run);
    expect(whenEnsured).to.equal('adopted');
    end(run);
    await worker.untilJob(run, 'only', 'SUCCESSFUL');
  });

  it('ends with its close even if another attempt follows', async () => {
    const { run, attempt } = await begin();
    await untilExecuting(run);
    await worker.runner.stop();
    expect(attempt.phase).to.equal('closed');
    expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'Interrupted' });
  });

  it('is abandoned if it is handed over', async () => {
    const { run, attempt } = await begin({ alone: false });
    await untilExecuting(run);
    await worker.runner.stop();
    expect(attempt.phase).to.equal('left');
  });

  it('is abandoned if another worker has its lease', async () => {
    const { run, attempt } = await begin();
    await untilExecuting(run);
    const by = { owner: 'other', executor: worker.context.executorNumber(), ttlMs: 6_000, ownerGone: true };
    await worker.store.transitions.adopt(attempt.held.lease, by);
    await worker.context.leases.tick();
    await worker.untilIdle();
    expect(attempt.phase).to.equal('left');
  });

  it('is abandoned if another worker has it when its end is reported', async () => {
    const { run, attempt } = await begin();
    await untilExecuting(run);
    const by = { owner: 'other', executor: worker.context.executorNumber(), ttlMs: 6_000, ownerGone: true };
    await worker.store.transitions.adopt(attempt.held.lease, by);
    end(run);
    await worker.untilIdle();
    expect(attempt.phase).to.equal('left');
    expect(await worker.store.runs.findJob(run, 'only')).to.include({ status: 'RUNNING' });
  });

  it('is not stopped after its end was seen', async () => {
    const { run, attempt } = await begin();
    await untilExecuting(run);
    end(run);
    await worker.untilIdle();
    attempt.requestStop('CanceledByUser');
    await worker.runner.stop();
    expect(stops).to.equal(0);
  });

  it('is stopped once, for the reason that came first', async () => {
    const { run, attempt } = await begin();
    await untilExecuting(run);
    attempt.requestStop('TimedOut');
    attempt.requestStop('CanceledByUser');
    await worker.untilIdle();
    expect(attempt.stop).to.equal('TimedOut');
    expect(stops).to.equal(1);
  });

  it('has no phase that skips another', async () => {
    const { run, attempt } = await begin();
    await untilExecuting(run);
    for (const phase of ['claimed', 'adopted', 'begun', 'ended', 'closing', 'closed'] as const) {
      expect(() => attempt.enter(phase), phase).to.throw(`cannot become ${phase}, since it is begun`);
    }
    expect(attempt.phase).to.equal('begun');
    end(run);
    await worker.untilIdle();
    attempt.leave();
    expect(attempt.phase, 'what is closed is not left').to.equal('closed');
    expect(() => attempt.enter('left')).to.throw('since it is closed');
  });
});
