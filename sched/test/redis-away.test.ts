import { expect } from 'chai';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { untilFound } from '@chainr/testkit/until-found';
import { openSched, type OpenSched } from './open-sched.js';

const oneJob = { kind: 'Pipeline', jobs: { only: { image: 'busybox', run: 'exit 0' } } };

describe('sched while Redis is away', () => {
  let sched: OpenSched;

  beforeEach(async () => {
    sched = await openSched();
  });

  afterEach(() => sched.close());

  const expectUnavailable = async (response: Response) => {
    expect(response.status).to.equal(503);
    expect(response.headers.get('retry-after')).to.match(/^\d+$/);
    expect(errorBodySchema.parse(await response.json()).code).to.equal('Unavailable');
  };

  const probe = async () => {
    await expectUnavailable(await sched.post(oneJob));
    await expectUnavailable(await sched.get('/api/runs'));
    expect((await sched.get('/readyz')).status).to.equal(503);
    expect((await sched.get('/healthz')).status).to.equal(200);
  };

  it('answers 503 with Retry-After instead of waiting when Redis is gone', async () => {
    await sched.redis.stop();
    await probe();
  });

  it('does the same when Redis hangs, and goes on when it is back', async () => {
    process.kill(sched.redis.pid, 'SIGSTOP');
    try {
      await probe();
    } finally {
      process.kill(sched.redis.pid, 'SIGCONT');
    }
    const status = await untilFound(
      'a run that is taken',
      async () => (await sched.post(oneJob)).status,
      (seen) => seen === 202,
    );
    expect(status).to.equal(202);
  });
});
