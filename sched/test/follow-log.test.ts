import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { logLineSchema } from '@chainr/core/api/contract/job-resource';
import { keys, type Lease } from '@chainr/core/store/redis/keys';
import { countCommands } from '@chainr/testkit/count-commands';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { untilFound } from '@chainr/testkit/until-found';
import { openSched, type OpenSched } from './open-sched.js';

const steps = ['first', 'second'].map((name) => ({ name, image: 'busybox', run: 'exit 0' }));
const mebibyte = Buffer.alloc(1024 * 1024, 'y\n');

describe('following and reading logs over HTTP', () => {
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

  const start = async () => {
    const uid = await sched.create({ only: { steps } });
    return { uid, lease: await sched.worker.claim(uid, 0) };
  };

  /** Sends a request on its own connection. Resolves with the headers of the answer, before its body is read. */
  async function ask(uid: string, query: string, accept = 'text/plain'): Promise<IncomingMessage> {
    const path = `${sched.url}/api/runs/${uid}/jobs/only/logs?${query}`;
    const request = http.get(path, { agent: false, headers: { accept } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).to.equal(200);
    return response;
  }

  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

  async function hashOf(response: IncomingMessage): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of response as AsyncIterable<Buffer>) hash.update(chunk);
    return hash.digest('hex');
  }

  async function textOfLines(response: IncomingMessage): Promise<string> {
    const body = Buffer.concat((await response.toArray()) as Buffer[]).toString();
    const lines = body.split('\n').filter((line) => line !== '');
    return lines
      .map((line) => logLineSchema.parse(JSON.parse(line)))
      .map(({ text, newline }) => (newline === false ? text : `${text}\n`))
      .join('');
  }

  const listeners = async ({ run, index, attempt }: Lease) =>
    Number(((await client.call('PUBSUB', 'NUMSUB', keys.log(run, index, attempt))) as unknown[])[1]);

  it('loses no line of a fast log for 100 followers, including slow and late ones', async () => {
    const { uid, lease } = await start();
    const whole = (count: number, query = '') => Array.from({ length: count }, () => ask(uid, `follow=true${query}`));
    const asLines = () => Array.from({ length: 10 }, () => ask(uid, 'follow=true', 'application/x-ndjson'));
    const [early, raw, ofFirst, slow] = await Promise.all(
      [whole(40), whole(10, '&raw=true'), whole(10, '&step=first'), whole(10)].map((asked) => Promise.all(asked)),
    );
    const lines = await Promise.all(asLines());
    const hashes = [...early!, ...raw!].map(hashOf);
    const hashesOfFirst = ofFirst!.map(hashOf);
    const texts = lines.map(textOfLines);
    const late: Promise<string>[] = [];
    const written: { text: string; step: string }[] = [];
    for (let batch = 0; batch < 200; batch += 1) {
      const step = batch % 3 === 0 ? 'second' : 'first';
      const some = Array.from({ length: 100 }, (_, at) => {
        return { text: `line ${String(batch * 100 + at)} of what a job says`, step };
      });
      written.push(...some);
      await sched.worker.log(lease, some, batch === 199);
      if (batch % 10 === 5) late.push(ask(uid, 'follow=true').then(hashOf));
    }
    const textOf = (wanted: readonly { text: string }[]) => wanted.map(({ text }) => `${text}\n`).join('');
    const expected = sha256(textOf(written));
    const all = await Promise.all([...hashes, ...late, ...slow!.map(hashOf)]);
    expect(all).to.have.length(80);
    expect(all.filter((hash) => hash !== expected)).to.deep.equal([]);
    const expectedOfFirst = sha256(textOf(written.filter(({ step }) => step === 'first')));
    expect((await Promise.all(hashesOfFirst)).filter((hash) => hash !== expectedOfFirst)).to.deep.equal([]);
    expect((await Promise.all(texts)).filter((text) => sha256(text) !== expected)).to.have.length(0);
  });

  it('reads from Redis once for all followers, in any format', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [{ text: 'begins' }]);
    const formats = ['text/plain', 'application/x-ndjson'];
    const queries = ['follow=true', 'follow=true&step=first', 'follow=true&raw=true', 'follow=true&offset=3'];
    const asked = formats.flatMap((accept) => queries.flatMap((query) => Array.from({ length: 5 }, () => ask(uid, query, accept)))); // prettier-ignore
    const followers = (await Promise.all(asked)).map((response) => {
      return response.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
    });
    const untilHas = async (follower: AsyncIterator<string>, text: string) => {
      for (let come = ''; !come.includes(text);) {
        const next = await follower.next();
        come += next.done ? expect.fail(`it ended before ${text}`) : next.value;
      }
    };
    const untilAllHave = (text: string) => Promise.all(followers.map((each) => untilHas(each, text)));
    await untilAllHave('ins');
    const before = await countCommands(client, 'getrange');
    for (let at = 0; at < 20; at += 1) {
      await sched.worker.log(lease, [{ text: `word ${String(at)}.`, step: 'first' }]);
      await untilAllHave(`word ${String(at)}.`);
    }
    // The position among the frames, the frames, and the bytes.
    expect((await countCommands(client, 'getrange')) - before).to.be.at.most(3 * 20);
    await sched.worker.log(lease, [], true);
    for (const each of followers) while (!(await each.next()).done);
  });

  it('sends every byte to clients that read nothing while a log grows by 24 MiB', async () => {
    const { uid, lease } = await start();
    const stuck = await Promise.all([
      ask(uid, 'follow=true'),
      ask(uid, 'follow=true&raw=true'),
      ask(uid, 'follow=true&step=first'),
    ]);
    const reading = hashOf(await ask(uid, 'follow=true'));
    const hash = createHash('sha256');
    for (let at = 0; at < 24; at += 1) {
      const bytes = Buffer.concat([Buffer.from(`block ${String(at)}\n`), mebibyte]);
      hash.update(bytes);
      await sched.worker.log(lease, [{ bytes, step: 'first' }], at === 23);
    }
    const expected = hash.digest('hex');
    expect(await reading).to.equal(expected);
    expect(await Promise.all(stuck.map(hashOf))).to.deep.equal([expected, expected, expected]);
  });

  it('goes on after a stall of Redis of more than 1.5 s, where it follows and where it reads', async () => {
    const { uid, lease } = await start();
    for (let at = 0; at < 24; at += 1) await sched.worker.log(lease, [{ bytes: mebibyte }]);
    const responses = await Promise.all([ask(uid, 'follow=true'), ask(uid, 'raw=true')]);
    process.kill(sched.redis.pid, 'SIGSTOP');
    const hashes = responses.map(hashOf); // Redis still has more than the connections buffer.
    try {
      // Other requests get "Redis is away" after 1.5 s.
      for (let asked = 0; asked < 2; asked += 1) expect((await sched.get(`/api/runs/${uid}`)).status).to.equal(503);
    } finally {
      process.kill(sched.redis.pid, 'SIGCONT');
    }
    const append = () => sched.worker.log(lease, [], true).then(() => 'appended', String);
    await untilFound('an append that is taken', append, (reply) => reply === 'appended');
    const expected = sha256(Buffer.concat(Array.from({ length: 24 }, () => mebibyte)));
    expect(await Promise.all(hashes)).to.deep.equal([expected, expected]);
  });

  it('stops reading when a client leaves in the middle of a long log', async () => {
    const { uid, lease } = await start();
    for (let at = 0; at < 48; at += 1) await sched.worker.log(lease, [{ bytes: mebibyte }]);
    await sched.worker.log(lease, [], true);
    for (const [query, accept] of [
      ['', 'text/plain'],
      ['', 'application/x-ndjson'],
      ['follow=true', 'text/plain'],
    ] as const) {
      const before = await countCommands(client, 'getrange');
      const response = await ask(uid, query, accept);
      await once(response, 'readable');
      response.destroy();
      // Reading has stopped when nothing is read between two answers to other requests.
      for (let [last, now] = [-1, 0]; now > last || now === before;) {
        last = now;
        for (let asked = 0; asked < 20; asked += 1) await sched.get('/metrics');
        now = await countCommands(client, 'getrange');
      }
      // The whole log is 192 pages of text.
      expect((await countCommands(client, 'getrange')) - before, `${query} ${accept}`).to.be.below(96);
    }
    expect(await listeners(lease)).to.equal(0);
  });

  it('asks Redis nothing more of a log that its followers have left', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [{ text: 'begins' }]);
    const silent = await Promise.all(Array.from({ length: 10 }, () => ask(uid, 'follow=true')));
    await untilFound('somebody to listen to the log', () => listeners(lease));
    for (const response of silent) response.destroy();
    await untilFound(
      'nobody to listen to the log',
      () => listeners(lease),
      (count) => count === 0,
    );
    const before = await countCommands(client, 'getrange', 'subscribe');
    for (let at = 0; at < 20; at += 1) await sched.worker.log(lease, [{ text: 'goes on' }]);
    await sched.get('/metrics');
    expect(await countCommands(client, 'getrange', 'subscribe')).to.equal(before);
  });
});
