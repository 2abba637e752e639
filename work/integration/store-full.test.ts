import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { RequestError } from '@chainr/core/api/client/request-error';
import { Client } from '@chainr/core/api/client/client';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { untilFound } from '@chainr/testkit/until-found';
import { untilFinal } from '@chainr/testkit/waits';

const mebibyte = 1024 * 1024;
const memory = 64 * mebibyte;
const mark = 'The log is cut here: Redis has no room for more logs.';

describe('a store that fills up, through the API', function () {
  this.timeout(120_000);
  let folder: string;
  let chainr: Constellation;
  /** A client that does not retry. */
  let hasty: Client;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-full-'));
    const executor = createProcessExecutor({ folder, instance: 'test' });
    chainr = await startConstellation({ executor, redisSettings: ['--maxmemory', String(memory)] });
    hasty = new Client({ baseUrl: chainr.url, retry: { forMs: 0, pauseMs: 1, maxPauseMs: 1 } });
  });

  afterEach(async () => {
    await chainr.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function create(run: string): Promise<string> {
    const text = JSON.stringify({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run } } });
    return (await hasty.createRun({ text, contentType: 'application/json' })).metadata.uid;
  }

  const statusOf = async (uid: string) => (await chainr.client.getRun(uid)).status;
  /** The complete log, which can end after its run. */
  const log = async (uid: string, more = ''): Promise<string> =>
    (await fetch(`${chainr.url}/api/runs/${uid}/jobs/only/logs?follow=true${more}`)).text();

  /** Expects the beginning and the end of what was written, with marks between. @returns how many bytes are stored */
  async function expectCut(uid: string, written: string): Promise<number> {
    const text = await log(uid);
    expect(text).to.contain(mark);
    const [, missing, kept] = /^(\d+) bytes are missing here\. These are the last (\d+):$/m.exec(text) ?? [];
    const raw = await log(uid, '&raw=true');
    expect(raw.length + Number(missing)).to.equal(written.length);
    const head = raw.length - Number(kept);
    expect(raw.slice(0, head) === written.slice(0, head), 'the beginning').to.be.true;
    expect(Number(kept)).to.be.above(0);
    expect(raw.slice(head) === written.slice(-Number(kept)), 'the end').to.be.true;
    return raw.length;
  }

  /** Deletes the run when it is closed, soon after its end. */
  async function deleteRun(uid: string): Promise<void> {
    const attempt = () =>
      chainr.client.deleteRun(uid).then(
        () => true,
        (error: unknown) => {
          if (error instanceof RequestError && error.code === 'Conflict') return false;
          throw error;
        },
      );
    await untilFound('the run to be closed', attempt);
  }

  it('cuts logs without room, with a mark, lets their jobs succeed, and stores logs again after a deletion', async () => {
    const line = 'x'.repeat(100);
    const loud = await create(`awk 'BEGIN { for (line = 0; line < 300000; line++) print "${line}" }'`);
    await untilFinal(chainr.store.events, loud);
    expect(await statusOf(loud)).to.equal('SUCCESSFUL');
    const stored = await expectCut(loud, `${line}\n`.repeat(300_000));
    expect(stored).to.be.within(memory / 16, memory / 4);

    const quiet = await create('seq 100000 500000');
    await untilFinal(chainr.store.events, quiet);
    expect(await statusOf(quiet)).to.equal('SUCCESSFUL');
    const numbers = Array.from({ length: 400_001 }, (_, at) => `${String(at + 100_000)}\n`).join('');
    expect(await expectCut(quiet, numbers)).to.be.lessThan(mebibyte);

    await deleteRun(loud);
    const after = await create('echo hello');
    await untilFinal(chainr.store.events, after);
    expect(await log(after)).to.equal('hello\n');
  });

  it('refuses new runs until there is room, while unfinished ones end', async () => {
    const client = await openRedisClient(chainr.redis.url);
    const gate = path.join(folder, 'go');
    const uid = await create(`while [ ! -e ${gate} ]; do sleep 0.05; done; echo done`);
    await client.config('SET', 'maxmemory', '0');
    await client.set('ballast', Buffer.alloc(memory));
    await client.config('SET', 'maxmemory', String(memory));
    const attempt = () => create('true').catch((reason: unknown) => reason);
    const refusal = await untilFound('a refusal', attempt, (seen) => seen instanceof RequestError);
    expect(refusal).to.include({ status: 503, code: 'StoreFull', retryAfterMs: 30_000 });
    await writeFile(gate, '');
    await untilFinal(chainr.store.events, uid);
    expect([await statusOf(uid), await log(uid)]).to.deep.equal(['SUCCESSFUL', 'done\n']);
    await deleteRun(uid);
    await client.unlink('ballast');
    client.disconnect();
    const patient = await chainr.client.createRun({
      text: JSON.stringify({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run: 'echo again' } } }),
      contentType: 'application/json',
    });
    await untilFinal(chainr.store.events, patient.metadata.uid);
    expect(await log(patient.metadata.uid)).to.equal('again\n');
  });
});
