import { expect } from 'chai';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { untilFound } from '@chainr/testkit/until-found';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };

describe('sched on a Redis that is nearly full', () => {
  let sched: OpenSched;
  let client: Awaited<ReturnType<typeof openRedisClient>>;

  beforeEach(async () => {
    sched = await openSched();
    client = await openRedisClient(sched.redis.url);
  });

  afterEach(async () => {
    client.disconnect();
    await sched.close();
  });

  it('refuses new runs with 503, does everything else, and accepts runs again when there is room', async () => {
    const uid = await sched.create({ only: job });
    const lease = await sched.worker.claim(uid, 0);
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', String(Math.floor(used * 1.1)));
    const post = () => sched.post({ kind: 'Pipeline', jobs: { only: job } });
    // Its memory is looked at once a second.
    let response = await untilFound('a refusal', post, ({ status }) => status !== 202);
    expect([response.status, response.headers.get('retry-after')]).to.deep.equal([503, '30']);
    expect(errorBodySchema.parse(await response.json()).code).to.equal('StoreFull');

    await sched.worker.finish(lease);
    await sched.worker.log(lease, [], true);
    await sched.worker.close(lease);
    expect((await sched.get('/api/runs?status=SUCCESSFUL')).status).to.equal(200);
    expect((await sched.delete(`/api/runs/${uid}`)).status).to.equal(200);

    await client.config('SET', 'maxmemory', '0');
    response = await untilFound('room', post, ({ status }) => status !== 503);
    expect(response.status).to.equal(202);
  });
});
