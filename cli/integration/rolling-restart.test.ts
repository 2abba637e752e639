import path from 'node:path';
import { expect } from 'chai';
import { Client } from '@chainr/core/api/client/client';
import { startRedisServer, type RedisServer } from '@chainr/core/service/redis-server';
import { keys } from '@chainr/core/store/redis/keys';
import { Command } from '@chainr/testkit/command';
import { copyCode } from '@chainr/testkit/copy-code';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { untilFound } from '@chainr/testkit/until-found';
import { ledgerOf, lineOf } from './ledger-pipeline.js';
import { createRun, endOfRun, logOf, statusesOf } from './runs.js';

const lines = 15;

/** Each job writes itself into the ledger, and numbered lines for about half a second. One of the ends fails. */
function pipelineOf(home: string): object {
  const count = `echo "$CHAINR_RUN $CHAINR_JOB $CHAINR_ATTEMPT" >> "$LEDGER"
number=0
while [ $number -lt ${String(lines)} ]; do
  echo "line $number of $CHAINR_JOB"
  number=$((number + 1))
  sleep 0.03
done`;
  const job = (dependsOn: string[], after = '') => ({ image: 'busybox', run: `${count}\n${after}`, dependsOn });
  return {
    kind: 'Pipeline',
    env: { LEDGER: ledgerOf(home) },
    jobs: {
      first: job([]),
      left: job(['first']),
      right: job(['first'], 'exit 3'),
      never: job(['right']),
      last: job(['left']),
    },
  };
}

const started = ['first', 'last', 'left', 'right'];

/** The services that use Redis; two workers, so that one can hand over to the other. */
const services = ['sched', 'notif', 'recycle', 'work-1', 'work-2'] as const;
type Service = (typeof services)[number];

describe('a rolling restart from one build to another on the same Redis, under load', function () {
  this.timeout(300_000);
  const folders = useDataFolders();
  let redis: RedisServer | undefined;
  let client: Awaited<ReturnType<typeof openRedisClient>> | undefined;
  const running = new Map<string, Command>();

  afterEach(async () => {
    running.clear(); // What a failed test left is killed with its folder.
    client?.disconnect();
    await redis?.stop();
  });

  /** @param code the folder of the other build; by default this one */
  async function begin(home: string, service: Service, code?: string): Promise<void> {
    const socket = (name: string) => `unix:${path.join(home, `${name}.sock`)}`;
    const env = { CHAINR_REDIS_URL: socket('redis'), CHAINR_LISTEN: socket(service), CHAINR_HOME: home, CHAINR_CAPACITY: '4' }; // prettier-ignore
    const command = new Command(`${service.replace(/-\d$/, '')}/src/main.ts`, [], env, code);
    running.set(service, command);
    await command.says(/"msg":"started"/);
  }

  async function end(service: string): Promise<void> {
    const command = running.get(service);
    running.delete(service);
    command?.signal('SIGTERM');
    expect((await command?.ended)?.code, `${service}: ${command?.output ?? ''}`).to.equal(0);
  }

  async function beginGate(home: string): Promise<Client> {
    const socket = (name: string) => `unix:${path.join(home, `${name}.sock`)}`;
    const upstreams = {
      CHAINR_SCHED_URL: socket('sched'),
      CHAINR_NOTIF_URL: socket('notif'),
      CHAINR_UI_URL: socket('ui'),
    };
    const gate = new Command('gate/src/main.ts', [], { ...upstreams, CHAINR_LISTEN: '127.0.0.1:0' });
    running.set('gate', gate);
    const [, url = ''] = await gate.says(/"url":"(http:[^"]+)"/);
    return new Client({ baseUrl: url });
  }

  async function libraries(): Promise<string[]> {
    const listed = (await client?.function('LIST', 'LIBRARYNAME', 'chainr_*')) as unknown[][];
    return listed.map((each) => String(each[each.indexOf('library_name') + 1])).sort();
  }

  it('loses nothing, does nothing twice, and drops the old library when nobody uses it', async () => {
    const home = await folders.make();
    redis = await startRedisServer({ folder: home, socketPath: path.join(home, 'redis.sock') });
    client = await openRedisClient(redis.url);
    const newer = path.join(home, 'newer');
    await Promise.all([copyCode(newer), ...services.map((service) => begin(home, service))]);
    const api = await beginGate(home);
    const [old = ''] = await libraries();

    const runs: string[] = [];
    let rolling = true;
    const load = async (): Promise<void> => {
      while (rolling) {
        const uid = await createRun(api, pipelineOf(home));
        runs.push(uid);
        await endOfRun(api, uid);
      }
    };
    const loads = [load(), load(), load()];

    for (const service of services) {
      await untilLines(ledgerOf(home), linesIn(ledgerOf(home)).length + 3);
      await end(service);
      await begin(home, service, newer);
      const both = await untilFound('the library of the other build', libraries, ({ length }) => length === 2);
      expect(both).to.include(old);
    }
    await untilLines(ledgerOf(home), linesIn(ledgerOf(home)).length + 3);
    rolling = false;
    await Promise.all(loads);

    for (const uid of runs) {
      const run = await endOfRun(api, uid);
      expect(run.status, uid).to.equal('FAILED');
      expect(statusesOf(run), uid).to.deep.equal({ first: 'SUCCESSFUL', left: 'SUCCESSFUL', right: 'FAILED', never: 'SKIPPED', last: 'SUCCESSFUL' }); // prettier-ignore
      for (const job of started) {
        const expected = Array.from({ length: lines }, (_, number) => lineOf(job, number));
        expect(await logOf(api, uid, job), `${uid} ${job}`).to.deep.equal(expected);
      }
    }
    const once = runs.flatMap((uid) => started.map((job) => `${uid} ${job} 1`));
    expect(linesIn(ledgerOf(home)).sort()).to.deep.equal(once.sort());
    console.log(`      ${String(runs.length)} runs`);

    // An hour later: the processes of the new build have announced its library since, and nobody the old one.
    await client.zadd(keys.libraries, Date.now() - 3_700_000, old);
    await end('recycle');
    await begin(home, 'recycle', newer);
    const left = await untilFound('the old library to be dropped', libraries, (names) => !names.includes(old));
    expect(left).to.have.length(1);
    const after = await createRun(api, pipelineOf(home));
    expect((await endOfRun(api, after)).status).to.equal('FAILED');
    for (const service of [...running.keys()]) await end(service);
  });
});
