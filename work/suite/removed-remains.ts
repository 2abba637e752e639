import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { beginning } from '@chainr/core/store/events/event-stream';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFound } from '@chainr/testkit/until-found';
import { untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup, type Fault } from '@chainr/testkit/worker-group';
import { noteStart, type Subject } from './seen-from-outside.js';

/** The remains of an attempt are removed before any worker saw it run or end (see Started once). */
export function removedRemainsTests(subject: Subject): void {
  const folders = useDataFolders();

  interface Seen {
    statuses: string[];
    attempts: string[];
    starts: string[];
  }

  /** @param next brings a worker back after the removal */
  async function afterRemoval(
    fault: Fault,
    hasRun: boolean,
    next: (group: WorkerGroup) => Promise<unknown>,
  ): Promise<Seen> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: { ...briefLeases, ...subject.env() } });
    try {
      const first = await group.startWorker(fault);
      const jobs = { only: { image: 'busybox', run: noteStart } };
      const run = await group.createRun({ kind: 'Pipeline', env: { LEDGER: subject.ledger(home) }, jobs });
      await group.untilReached(fault);
      if (fault.signal === 'SIGKILL') await first.ended;
      if (hasRun)
        await untilFound(
          'a start',
          () => subject.starts(home, run),
          ({ length }) => length > 0,
        );
      await untilFound(
        'the end',
        () => subject.running(home, run),
        ({ length }) => length === 0,
      );
      await subject.removeAll(home, run);
      if (fault.signal === 'SIGSTOP') group.undo(first, fault);
      await next(group);
      await untilFinal(group.store.events, run);
      return await look(group, home, run);
    } finally {
      await group.stop();
    }
  }

  async function look(group: WorkerGroup, home: string, run: RunUid): Promise<Seen> {
    const { events } = await group.store.events.readEvents(beginning, 1_000);
    const attempts = await group.store.runs.listAttempts(run, 0);
    return {
      statuses: events.flatMap((event) => (event.kind === 'job.status' ? [event.status] : [])),
      attempts: attempts.map(({ attempt, reason }) => `${String(attempt)} ${reason}`),
      starts: await subject.starts(home, run),
    };
  }

  const startedOnce: Seen = {
    statuses: ['RUNNING', 'SUCCESSFUL'],
    attempts: ['1 Completed'],
    starts: ['only 1 main'],
  };
  const lostOnce: Seen = {
    statuses: ['RUNNING', 'PENDING', 'RUNNING', 'SUCCESSFUL'],
    attempts: ['1 Lost', '2 Completed'],
    starts: ['only 1 main', 'only 2 main'],
  };

  it('is Lost where its worker was killed after the start, and the next attempt is another one', async function () {
    this.timeout(120_000);
    const fault: Fault = { point: 'after-start', signal: 'SIGKILL' };
    expect(await afterRemoval(fault, true, (group) => group.startWorker())).to.deep.equal(lostOnce);
  });

  it('is Lost, or ends as it was seen to end, where its worker was frozen after the start and wakes', async function () {
    this.timeout(120_000);
    const fault: Fault = { point: 'after-start', signal: 'SIGSTOP' };
    const seen = await afterRemoval(fault, true, () => Promise.resolve());
    // Who got the answer to the creation of a pod knows that there was one, and its watch may have told of its end.
    const deletedOnce: Seen = { ...lostOnce, attempts: ['1 Deleted', '2 Completed'] };
    const isEndSeen = seen.attempts[0] === '1 Completed';
    expect(seen).to.deep.equal(!subject.startsAtCreation ? lostOnce : isEndSeen ? startedOnce : deletedOnce);
  });

  it('is started or Lost where its worker was killed before the start', async function () {
    this.timeout(120_000);
    const fault: Fault = { point: 'after-create', signal: 'SIGKILL' };
    // Its start is recorded right before the request that creates and starts it, and nobody can know whether that was sent.
    const notBegun: Seen = { ...lostOnce, starts: ['only 2 main'] };
    const seen = await afterRemoval(fault, false, (group) => group.startWorker());
    expect(seen).to.deep.equal(subject.startsAtCreation ? notBegun : startedOnce);
  });
}
