import { expect } from 'chai';
import { bulkResultSchema } from '@chainr/core/api/contract/bulk-resource';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { runListSchema, runSchema } from '@chainr/core/api/contract/run-resource';
import { Client } from '@chainr/core/api/client/client';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };
const one = { kind: 'Pipeline', jobs: { only: job } };
const another = { kind: 'Pipeline', jobs: { other: job } };

describe('POST /api/runs?externalId=…', () => {
  let sched: OpenSched;
  before(async () => (sched = await openSched()));
  after(() => sched.close());

  const post = (query: string, pipeline: object, headers: Record<string, string> = {}) =>
    fetch(`${sched.url}/api/runs?${query}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(pipeline),
    });
  const made = async (response: Response) => {
    expect(response.status).to.equal(202);
    const run = runSchema.parse(await response.json());
    expect(response.headers.get('location')).to.equal(run.metadata.selfLink);
    return run;
  };
  const refused = async (response: Response, status: number) => {
    expect(response.status).to.equal(status);
    return errorBodySchema.parse(await response.json());
  };
  const listed = async (query: string) =>
    runListSchema.parse(await (await sched.get(`/api/runs?${query}`)).json()).items.map(({ metadata }) => metadata.uid);
  const end = async (uid: string) => {
    const lease = await sched.worker.claim(uid, 0);
    await sched.worker.finish(lease);
    await sched.worker.log(lease, [], true);
    await sched.worker.close(lease);
  };

  it('makes a run that shows its id, and returns it to repeats as it is by then', async () => {
    const query = 'externalId=default/nightly-7';
    const { metadata } = await made(await post(query, one));
    expect(metadata.externalId).to.equal('default/nightly-7');
    await end(metadata.uid);
    const again = await made(await post(query, one));
    expect(again).to.have.property('status', 'SUCCESSFUL');
    expect(again.metadata.uid).to.equal(metadata.uid);
    expect((await made(await sched.post(one))).metadata).not.to.have.property('externalId');
  });

  it('refuses another pipeline under the id, and names the run that has it', async () => {
    const { uid } = (await made(await post('externalId=taken', one))).metadata;
    const error = await refused(await post('externalId=taken', another), 409);
    expect(error).to.include({
      code: 'Conflict',
      message: `The external id "taken" belongs to the run ${uid}, which has another pipeline; use another id, or delete that run first.`,
    });
  });

  it('makes a new run once the old one is deleted', async () => {
    const { uid } = (await made(await post('externalId=again', one))).metadata;
    await end(uid);
    expect((await sched.delete(`/api/runs/${uid}`)).status).to.equal(200);
    expect((await made(await post('externalId=again', another))).metadata.uid).not.to.equal(uid);
  });

  it('is a filter of lists and of bulk requests', async () => {
    const { uid } = (await made(await post('externalId=listed', one))).metadata;
    expect(await listed('externalId=listed')).to.eql([uid]);
    expect(await listed('externalId=listed&status=pending')).to.eql([uid]);
    expect(await listed('externalId=listed&status=failed')).to.eql([]);
    expect(await listed('externalId=unknown')).to.eql([]);
    const cancel = await fetch(`${sched.url}/api/runs/cancel?externalId=listed`, { method: 'POST' });
    expect(bulkResultSchema.parse(await cancel.json())).to.include({ matched: 1, done: 1 });
    expect(await listed('externalId=listed&status=canceled')).to.eql([uid]);
    const deletion = await sched.delete('/api/runs?externalId=listed');
    expect(bulkResultSchema.parse(await deletion.json())).to.include({ matched: 1, done: 1 });
    expect(await listed('externalId=listed')).to.eql([]);
  });

  it('takes any visible ASCII characters, and nothing else', async () => {
    const odd = `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`;
    const { metadata } = await made(await post(`externalId=${encodeURIComponent(odd)}`, one));
    expect(metadata.externalId).to.equal(odd);
    expect(await listed(`externalId=${encodeURIComponent(odd)}`)).to.eql([metadata.uid]);
    const message = 'must be 1 to 255 visible ASCII characters without spaces';
    for (const wrong of ['', 'a%20b', 'x'.repeat(256), '%C3%A9', 'a%0Aname:b']) {
      for (const response of [
        await post(`externalId=${wrong}`, one),
        await sched.get(`/api/runs?externalId=${wrong}`),
      ]) {
        expect((await refused(response, 400)).details).to.deep.equal([{ path: 'externalId', message }]);
      }
    }
    const twice = await refused(await post('externalId=a&externalId=b', one), 400);
    expect(twice.details).to.deep.equal([{ path: 'externalId', message: 'must be given once' }]);
    await refused(await post('external=a', one), 400);
  });

  it('goes with an Idempotency-Key, which then means both', async () => {
    const key = { 'Idempotency-Key': 'one-key' };
    const { uid } = (await made(await post('externalId=keyed', one, key))).metadata;
    expect((await made(await post('externalId=keyed', one, key))).metadata.uid).to.equal(uid);
    expect((await made(await post('externalId=keyed', one, { 'Idempotency-Key': 'other' }))).metadata.uid).to.equal(
      uid,
    );
    expect((await refused(await post('externalId=not-keyed', one, key), 409)).message).to.match(/idempotency key/);
    expect(await listed('externalId=not-keyed')).to.eql([]);
  });

  it('is sent by the client, with each call a new key', async () => {
    const client = new Client({ baseUrl: sched.url });
    const pipeline = { contentType: 'application/json', text: JSON.stringify(one) };
    const first = await client.createRun(pipeline, { externalId: 'by/client' });
    const second = await client.createRun(pipeline, { externalId: 'by/client' });
    expect(second.metadata.uid).to.equal(first.metadata.uid);
    expect((await client.listRuns({ externalId: 'by/client' })).items).to.have.length(1);
  });
});
