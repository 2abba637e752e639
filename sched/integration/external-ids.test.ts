import { expect } from 'chai';
import { runListSchema, runSchema } from '@chainr/core/api/contract/run-resource';
import { Command } from '@chainr/testkit/command';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';

const job = { image: 'busybox', run: 'exit 0' };
/** Stored in several calls, so that a process may die between them. */
const wide = Object.fromEntries(Array.from({ length: 1_500 }, (_, at) => [`job-${String(at)}`, job]));

describe('several processes of sched that submit one external id', function () {
  this.timeout(120_000);
  let redis: TestRedis;
  const alive: Command[] = [];

  before(async () => {
    redis = await startRedis();
  });
  after(async () => {
    for (const command of alive) {
      command.signal('SIGKILL');
      await command.ended;
    }
    await redis.stop();
  });

  async function begin(): Promise<{ command: Command; url: string }> {
    const command = new Command('sched/src/main.ts', [], { CHAINR_REDIS_URL: redis.url, CHAINR_LISTEN: '127.0.0.1:0' });
    const [, url = ''] = await command.says(/"url":"(http:[^"]+)"/);
    await command.says(/"msg":"started"/);
    return { command, url };
  }
  const post = async (url: string, externalId: string): Promise<string | undefined> => {
    const answer = await fetch(`${url}/api/runs?externalId=${externalId}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ kind: 'Pipeline', jobs: wide }),
    })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch(() => undefined); // The process was killed, perhaps in the middle of its answer.
    if (!answer) return undefined;
    expect(answer.status, answer.text).to.equal(202);
    return runSchema.parse(JSON.parse(answer.text)).metadata.uid;
  };
  const listed = async (url: string, externalId: string) => {
    const response = await fetch(`${url}/api/runs?externalId=${externalId}`);
    return runListSchema.parse(await response.json()).items.map(({ metadata }) => metadata.uid);
  };

  it('make one run, also when one of them is killed meanwhile', async () => {
    const [first, second] = await Promise.all([begin(), begin()]);
    alive.push(first.command, second.command);
    for (let round = 0; round < 3; round += 1) {
      const doomed = await begin();
      const externalId = `round-${String(round)}`;
      const sent = [first, second, doomed, first, second, doomed].map(({ url }) => post(url, externalId));
      // At another moment of the creation in each round: at once, or after an answer.
      if (round > 0) await Promise.race(sent);
      doomed.command.signal('SIGKILL');
      const uids = new Set((await Promise.all(sent)).filter((uid) => uid !== undefined));
      await doomed.command.ended;
      expect([...uids]).to.have.length(1);
      expect(await post(first.url, externalId)).to.equal([...uids][0]);
      expect(await listed(second.url, externalId)).to.eql([...uids]);
    }
  });
});
