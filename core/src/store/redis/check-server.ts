import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { StoreUnfit } from './errors.js';
import { keys } from './keys.js';

/**
 * The format of the state in Redis, major.minor (see State format). A process works with a newer minor version and
 * refuses a newer major one.
 */
export const stateVersion = { major: 6, minor: 0 } as const;

/** The first Redis version whose Functions can be relied on. */
const oldestRedis = [7, 0] as const;
/** The same for Valkey. */
const oldestValkey = [7, 2] as const;

/**
 * Checks the Redis server before it is used.
 * @throws StoreUnfit with one sentence per fault, each with its fix
 */
export async function checkServer(connection: Redis): Promise<void> {
  const info = parseInfo(await connection.info());
  const faults: string[] = [];
  const version = info.get('valkey_version') ?? info.get('redis_version') ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const oldest = info.has('valkey_version') ? oldestValkey : oldestRedis;
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
    const wanted = `Redis ${oldestRedis.join('.')} or Valkey ${oldestValkey.join('.')}, or newer`;
    faults.push(`it is version ${version}, which has no functions that chainr can use: install ${wanted}`);
  }
  const policy = info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    faults.push(`it evicts keys when memory is short (maxmemory-policy ${policy}): set maxmemory-policy to noeviction`);
  }
  if (info.get('aof_enabled') === '0') {
    faults.push('it would lose acknowledged data when it stops (appendonly no): set appendonly to yes');
  }
  if (faults.length > 0) throw new StoreUnfit(`This Redis server cannot be used: ${faults.join('; ')}.`);
}

/**
 * Marks an empty Redis with this version and a new random instance id, once.
 * @throws StoreUnfit if another major version wrote the state
 */
export async function checkState(connection: Redis): Promise<{ instance: string }> {
  const own = `${String(stateVersion.major)}.${String(stateVersion.minor)}`;
  // Writes only what is missing: a service must be able to start on a full Redis (see Full store).
  const [version, instance] = await connection.mget(keys.version, keys.instance);
  if (version === null) await connection.set(keys.version, own, 'NX');
  const found = (await connection.get(keys.version)) ?? own;
  const [major = 0, minor = 0] = found.split('.').map(Number);
  if (major > stateVersion.major) {
    throw new StoreUnfit(
      `The state in Redis has format ${found}, but this version of chainr supports ${own}: use a newer chainr.`,
    );
  }
  if (major < stateVersion.major) {
    throw new StoreUnfit(
      `The state in Redis has format ${found}, but this version of chainr needs ${own}: let the chainr that wrote it finish its runs, then start with an empty Redis (for \`chainr up\`: an empty data folder).`,
    );
  }
  if (major === stateVersion.major && minor < stateVersion.minor) await connection.set(keys.version, own);
  if (instance === null) await connection.set(keys.instance, randomUUID(), 'NX');
  return { instance: (await connection.get(keys.instance)) ?? '' };
}

function parseInfo(info: string): Map<string, string> {
  const pairs = info.split('\r\n').map((line) => line.split(':', 2) as [string, string?]);
  return new Map(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
