import { expect } from 'chai';
import { bulkResultSchema } from '@chainr/core/api/contract/bulk-resource';
import { jobExplanationSchema } from '@chainr/core/api/contract/explanation-resource';
import { runSchema, type Run } from '@chainr/core/api/contract/run-resource';
import { keys } from '@chainr/core/store/redis/keys';
import { packSource } from '@chainr/core/store/runs/source';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { statusAndReason } from '@chainr/testkit/statuses';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };

describe('a run whose source is not accepted any more', () => {
  let sched: OpenSched;
  let client: Awaited<ReturnType<typeof openRedisClient>>;

  before(async () => {
    sched = await openSched();
    client = await openRedisClient(sched.redis.url);
  });
  after(async () => {
    client.disconnect();
    await sched.close();
  });

  const source = { contentType: 'application/yaml', text: 'kind: Pipeline\njobs:\n  a: { from: an older version }\n' };
  async function create(name: string): Promise<string> {
    const uid = await sched.create({ a: job, b: { ...job, dependsOn: ['a'] } }, { name });
    await client.set(keys.source(uid), await packSource(source));
    return uid;
  }
  async function end(uid: string, attempt: number): Promise<void> {
    const lease = await sched.worker.claim(uid, 0, attempt);
    await sched.worker.log(lease, [{ text: 'a line' }], true);
    await sched.worker.finish(lease, 'ExitCode', 3);
    await sched.worker.close(lease);
  }
  const send = (path: string, body?: object) =>
    fetch(`${sched.url}/api/runs/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  const stand = ({ jobs }: Run) => jobs.map((each) => `${each.name} ${statusAndReason(each)}`);
  const get = async (uid: string) => runSchema.parse(await (await sched.get(`/api/runs/${uid}`)).json());

  it('is shown to people as it was sent, and so is that of its rerun', async () => {
    const uid = await create('shown');
    await end(uid, 1);
    const made = runSchema.parse(await (await send(`${uid}/rerun`)).json());
    for (const each of [uid, made.metadata.uid]) {
      const response = await sched.get(`/api/runs/${each}/pipeline`);
      expect(response.headers.get('content-type')).to.match(/^application\/yaml/);
      expect(await response.text()).to.equal(source.text);
    }
  });

  it('has a retry, a rerun, an explanation, a timeline and a log', async () => {
    const uid = await create('used');
    await end(uid, 1);
    const why = await sched.get(`/api/runs/${uid}/jobs/b/why`);
    expect(jobExplanationSchema.parse(await why.json()).sentence).to.match(/skipped because a is FAILED/);
    expect((await sched.get(`/api/runs/${uid}/timeline`)).status).to.equal(200);
    expect(await (await sched.get(`/api/runs/${uid}/jobs/a/logs?raw=true`)).text()).to.equal('a line\n');
    const rerun = await send(`${uid}/rerun`, { from: ['a'] });
    expect(rerun.status).to.equal(202);
    expect(stand(runSchema.parse(await rerun.json()))).to.eql(['a PENDING Queued', 'b PENDING WaitingForDependencies']);
  });

  it('is retried while it lives', async () => {
    const live = await sched.create({ a: job, b: { ...job, dependsOn: ['a'] }, c: job });
    await client.set(keys.source(live), await packSource(source));
    await end(live, 1);
    expect((await send(`${live}/jobs/a/retry`)).status).to.equal(202);
    expect(stand(await get(live)).slice(0, 2)).to.eql(['a PENDING Queued', 'b PENDING WaitingForDependencies']);
  });

  it('is rerun by a filter', async () => {
    await end(await create('many'), 1);
    await end(await create('many'), 1);
    const result = bulkResultSchema.parse(await (await send('rerun?name=many', {})).json());
    expect(result).to.include({ matched: 2, done: 2 });
  });
});
