import path from 'node:path';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { startRedisServer } from '@chainr/core/service/redis-server';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent } from '@chainr/testkit/waits';
import { expect } from 'chai';

const pipeline = JSON.stringify({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run: ':' } } });

describe('chainr while Redis is away', function () {
  this.timeout(120_000);
  let all: Constellation;
  let run: string;

  beforeEach(async () => {
    all = await startConstellation({ executor: createFakeExecutor({ decide: () => ({ hold: true }) }) });
    const response = await post();
    run = ((await response.json()) as { metadata: { uid: string } }).metadata.uid;
    await untilEvent(all.store.events, (event) => event.kind === 'job.status' && event.run === run);
  });

  afterEach(() => all.stop());

  const post = () =>
    fetch(`${all.url}/api/runs`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: pipeline });

  /** What users ask, by what they would call it. */
  const questions = (): Readonly<Record<string, () => Promise<Response>>> => ({
    'a new run': post,
    'the list of runs': () => fetch(`${all.url}/api/runs`),
    'a log, followed': () => fetch(`${all.url}/api/runs/${run}/jobs/only/logs?follow=true`),
    'the events': () => fetch(`${all.url}/api/events`),
    'the events from now on': () => fetch(`${all.url}/api/events?follow=true&after=latest`),
  });

  async function expectOutage(what: string, ask: () => Promise<Response>): Promise<void> {
    const response = await ask();
    await response.body?.cancel();
    expect(response.status, what).to.equal(503);
    expect(response.headers.get('retry-after'), what).to.match(/^\d+$/);
  }

  const expectOutages = async () => {
    for (const [what, ask] of Object.entries(questions())) await expectOutage(what, ask);
    const many = Array.from({ length: 20 }, (_, at) => expectOutage(`one of many new runs (${String(at)})`, post));
    await Promise.all(many);
  };

  async function untilAnswered(): Promise<void> {
    for (const [what, ask] of Object.entries(questions())) {
      const look = async () => {
        const { status, ok, body } = await ask();
        await body?.cancel();
        return { status, ok };
      };
      await untilFound(`an answer to ${what}`, look, ({ ok }) => ok);
    }
  }

  it('answers 503 instead of waiting while Redis hangs, and goes on afterwards', async () => {
    process.kill(all.redis.pid, 'SIGSTOP');
    try {
      await expectOutages();
    } finally {
      process.kill(all.redis.pid, 'SIGCONT');
    }
    await untilAnswered();
  });

  it('answers 503 instead of waiting while Redis is gone, and goes on with the next one', async () => {
    process.kill(all.redis.pid, 'SIGKILL');
    await expectOutages();
    const { folder } = all.redis;
    const next = await startRedisServer({ folder, socketPath: path.join(folder, 'redis.sock') });
    try {
      await untilAnswered();
    } finally {
      await all.stop();
      await next.stop();
    }
  });
});
