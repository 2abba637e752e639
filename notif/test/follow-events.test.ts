import { setImmediate as turn } from 'node:timers/promises';
import type { Cursor } from '@chainr/core/engine/records';
import { createLogger } from '@chainr/core/service/logger';
import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';
import fc from 'fast-check';
import { EventTail, type EventTailOptions } from '../src/event-tail.js';
import { followEvents } from '../src/follow-events.js';
import { FakeStream } from './fake-stream.js';

const logger = createLogger('test', 'silent');

async function withTail(
  stream: FakeStream,
  options: EventTailOptions,
  use: (tail: EventTail) => Promise<void>,
): Promise<void> {
  const tail = new EventTail(stream, logger, options);
  await tail.start();
  try {
    await use(tail);
  } finally {
    await tail.stop();
  }
}

interface Client {
  lines: { kind: string; cursor: Cursor }[];
  until(done: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

function follow(stream: FakeStream, tail: EventTail, after: Cursor, turnsPerBatch = 0): Client {
  const stopped = new AbortController();
  const lines: Client['lines'] = [];
  const running = (async () => {
    for await (const batch of followEvents({ events: stream, tail }, after, stopped.signal)) {
      for (const { text } of batch) lines.push(JSON.parse(text) as Client['lines'][number]);
      for (let n = 0; n < turnsPerBatch; n += 1) await turn();
    }
  })();
  return {
    lines,
    until: async (done) => {
      await untilFound(
        'the lines that are wanted',
        () => (done() ? 'all' : lines.length),
        (seen) => seen === 'all',
        { everyMs: 0 },
      );
    },
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}

describe('following the events', () => {
  it('sends each event once and in order, whenever a client comes and however slow it is (see Gapless events)', async () => {
    const plan = fc.record({
      before: fc.nat(20),
      during: fc.array(fc.nat(3), { maxLength: 40 }),
      capacity: fc.integer({ min: 1, max: 12 }),
      clients: fc.array(fc.record({ start: fc.nat(30), slow: fc.nat(12) }), { minLength: 1, maxLength: 4 }),
      failAt: fc.option(fc.nat(40)),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ before, during, capacity, clients, failAt }) => {
        const stream = new FakeStream();
        for (let n = 0; n < before; n += 1) stream.append();
        await withTail(stream, { capacity, retryMs: 0 }, async (tail) => {
          const started: { client: Client; after: Cursor }[] = [];
          for (const [step, turns] of [...during, 0].entries()) {
            for (const { start, slow } of clients.filter(
              (_client, at) => at === step || (step === during.length && at > step),
            )) {
              const after = stream.events[start]?.cursor ?? '0-0';
              started.push({ after, client: follow(stream, tail, after, slow) });
            }
            if (failAt === step) stream.failTail(new Error('away'));
            stream.append();
            for (let n = 0; n < turns; n += 1) await turn();
          }
          const end = stream.append();
          for (const { client, after } of started) {
            await client.until(() => client.lines.at(-1)?.cursor === end);
            await client.stop();
            const from = stream.events.findIndex((event) => event.cursor === after) + 1;
            expect(client.lines.map((line) => line.cursor)).to.deep.equal(
              stream.events.slice(from).map((event) => event.cursor),
            );
          }
        });
      }),
      { numRuns: 150 },
    );
  });

  it('sends resync to a client with an unknown cursor, and continues from there', async () => {
    const stream = new FakeStream();
    const last = stream.append();
    await withTail(stream, {}, async (tail) => {
      for (const unknown of ['1-1', '9999999-0']) {
        const client = follow(stream, tail, unknown);
        await client.until(() => client.lines.length > 0);
        expect(client.lines).to.deep.equal([{ kind: 'resync', cursor: stream.events.at(-1)?.cursor ?? last }]);
        const next = stream.append();
        await client.until(() => client.lines.length > 1);
        expect(client.lines[1]?.cursor).to.equal(next);
        await client.stop();
      }
    });
  });

  it('sends resync to live clients too if the stream was rolled back', async () => {
    const stream = new FakeStream();
    for (let n = 0; n < 9; n += 1) stream.append();
    await withTail(stream, {}, async (tail) => {
      const client = follow(stream, tail, '0-0');
      await client.until(() => client.lines.length === 9);
      stream.events = stream.events.slice(0, 4);
      await client.until(() => client.lines.length > 9);
      expect(client.lines[9]).to.deep.equal({ kind: 'resync', cursor: stream.events[3]?.cursor });
      await client.stop();
    });
  });

  it('ends on request, also without events', async () => {
    const stream = new FakeStream();
    await withTail(stream, {}, async (tail) => {
      const client = follow(stream, tail, '0-0');
      await turn();
      await client.stop();
    });
  });
});
