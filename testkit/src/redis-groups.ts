import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { startRedis, type TestRedis } from './redis.js';
import { untilFound } from './until-found.js';

const program = 'redis-server';
const group = 'chainr';
const slots = 16_384;

/** Redis as several real processes. */
export interface RedisGroup {
  /** For `CHAINR_REDIS_URL`. */
  readonly url: string;
  /** Lets another server have the data, and resolves when it has them. */
  move(): Promise<void>;
  stop(): Promise<void>;
}

/** A client of one server, by its socket. */
function clientOf(url: string): Redis {
  return new Redis({ path: url.slice('unix:'.length), maxRetriesPerRequest: 3 });
}

/** A primary, a replica and three Sentinels with a password for the servers. `move` kills the primary. */
export async function startSentinels(): Promise<RedisGroup> {
  const password = 'some-password';
  const port = await freePort();
  const login = ['--masterauth', password];
  const primary = await startRedis(['--port', port, ...login]);
  await requirePassword(primary, password);
  const replica = await startRedis(['--port', await freePort(), '--replicaof', '127.0.0.1', port, ...login]);
  await requirePassword(replica, password);
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-sentinels-'));
  const ports = [await freePort(), await freePort(), await freePort()];
  const sentinels = await Promise.all(ports.map((each) => startSentinel(folder, each, port, password)));
  const data = new Redis({ path: replica.url.slice('unix:'.length), password });
  const [first = ''] = ports;
  const watcher = new Redis({ port: Number(first), host: '127.0.0.1' });
  await untilFound('the replica to be in step', () => data.info('replication'), (info) => info.includes('master_link_status:up')); // prettier-ignore
  const known = async () => String(await watcher.call('SENTINEL', 'CKQUORUM', group).catch(String));
  await untilFound('Sentinels that know one another', known, (said) => said.startsWith('OK 3'));
  const replicas = async () => (await watcher.call('SENTINEL', 'REPLICAS', group)) as unknown[];
  await untilFound('Sentinels that know the replica', replicas, ({ length }) => length === 1);
  return {
    url: `redis+sentinel://:${password}@${ports.map((each) => `127.0.0.1:${each}`).join(',')}/${group}`,
    move: async () => {
      process.kill(primary.pid, 'SIGKILL');
      await untilFound('the replica to take over', () => data.info('replication'), (info) => info.includes('role:master')); // prettier-ignore
    },
    stop: async () => {
      data.disconnect();
      watcher.disconnect();
      for (const child of sentinels) await end(child);
      for (const server of [replica, primary]) await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Only now: a server with a password does not say without it that it has started. */
async function requirePassword({ url }: TestRedis, password: string): Promise<void> {
  const client = clientOf(url);
  await client.config('SET', 'requirepass', password);
  client.disconnect();
}

async function startSentinel(folder: string, port: string, primary: string, password: string): Promise<ChildProcess> {
  const file = path.join(folder, `${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${group} 127.0.0.1 ${primary} 2`,
    `sentinel auth-pass ${group} ${password}`,
    `sentinel down-after-milliseconds ${group} 500`,
    `sentinel failover-timeout ${group} 5000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return spawn(program, [file, '--sentinel'], { stdio: 'ignore' });
}

/** Two nodes of a cluster. `move` migrates the slot with all keys of chainr to the other one. */
export async function startCluster(hashTag: string): Promise<RedisGroup> {
  const ports = [await freePort(), await freePort()] as const;
  const nodes: TestRedis[] = [];
  for (const port of ports) {
    nodes.push(await startRedis(['--port', port, '--cluster-enabled', 'yes', '--cluster-port', await freePort()]));
  }
  const [from, to] = nodes.map(({ url }) => clientOf(url)) as [Redis, Redis];
  const busOf = async (client: Redis) => Number((await client.config('GET', 'cluster-port'))[1]);
  await from.cluster('ADDSLOTSRANGE', 0, slots - 1);
  await to.call('CLUSTER', 'MEET', '127.0.0.1', ports[0], await busOf(from));
  for (const client of [from, to]) {
    const look = async () => await client.cluster('INFO');
    await untilFound('the nodes to know each other', look, (info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:2')); // prettier-ignore
  }
  return {
    url: `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
    move: () => moveSlot(from, to, ports[1], hashTag),
    stop: async () => {
      for (const client of [from, to]) client.disconnect();
      for (const node of nodes) await node.stop();
    },
  };
}

/** As `redis-cli --cluster reshard` does: https://redis.io/docs/latest/commands/cluster-setslot/ */
async function moveSlot(from: Redis, to: Redis, port: string, hashTag: string): Promise<void> {
  const slot = await from.cluster('KEYSLOT', hashTag);
  const [source, target] = await Promise.all([from, to].map((client) => client.cluster('MYID')));
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source ?? '');
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target ?? '');
  for (;;) {
    const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
    if (keys.length === 0) break;
    await from.call('MIGRATE', '127.0.0.1', port, '', 0, 10_000, 'KEYS', ...keys);
  }
  for (const client of [to, from]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', target ?? '');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
