import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { beginning } from '@chainr/core/store/events/event-stream';
import { startConstellation } from '@chainr/testkit/constellation';
import { untilFinal } from '@chainr/testkit/waits';

describe('jobs that became ready at once', function () {
  this.timeout(120_000);

  for (const [capacity, why] of [
    [1, 'one place'],
    [4, 'four places, and a message for each'],
  ] as const) {
    it(`start in the order of the pipeline, whichever finds no room at first: ${why}`, async () => {
      const executor = createFakeExecutor({ decide: () => pause(5, {}) });
      const chainr = await startConstellation({ executor, work: { capacity } });
      try {
        const names = Array.from({ length: 40 }, (_, at) => `job-${String(at).padStart(2, '0')}`);
        const job = (...dependsOn: string[]) => ({ image: 'busybox', run: ':', dependsOn });
        const jobs = { first: job(), ...Object.fromEntries(names.map((name) => [name, job('first')])) };
        const text = JSON.stringify({ kind: 'Pipeline', jobs });
        const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
        await untilFinal(chainr.store.events, metadata.uid);
        const { events } = await chainr.store.events.readEvents(beginning, 1_000);
        const started = events.flatMap((event) =>
          event.kind === 'job.status' && event.status === 'RUNNING' ? [event.job] : [],
        );
        expect(started).to.deep.equal(['first', ...names]);
      } finally {
        await chainr.stop();
      }
    });
  }
});
