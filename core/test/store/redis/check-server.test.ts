import { expect } from 'chai';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { silentLogger } from '@chainr/testkit/open-store';
import { startRedis } from '@chainr/testkit/redis';
import { StoreUnfit } from '../../../src/store/redis/errors.js';
import { stateVersion } from '../../../src/store/redis/check-server.js';
import { keys } from '../../../src/store/redis/keys.js';
import { Store } from '../../../src/store/store.js';

/** Why a store does not start on this Redis. Undefined if it does. */
async function refusalOf(url: string): Promise<string | undefined> {
  const store = new Store({ url, logger: silentLogger });
  try {
    await store.start();
    return undefined;
  } catch (error) {
    expect(error).to.be.instanceOf(StoreUnfit);
    return (error as Error).message;
  } finally {
    await store.stop();
  }
}

/** A server that answers INFO like another product or version, and all else with the state version. */
async function claimToBe(info: string): Promise<{ url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-fake-'));
  const socketPath = path.join(folder, 's');
  const text = `# Server\r\n${info}\r\nloading:0\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n`;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      for (const [, name] of bytes.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([a-zA-Z]+)\r\n/g)) {
        socket.write(
          name?.toLowerCase() === 'info' ? `$${text.length}\r\n${text}\r\n` : `$3\r\n${stateVersion.major}.0\r\n`,
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    url: `unix:${socketPath}`,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('the check of Redis at start', () => {
  async function refusalWith(...settings: string[]): Promise<string | undefined> {
    const redis = await startRedis(settings);
    try {
      return await refusalOf(redis.url);
    } finally {
      await redis.stop();
    }
  }

  it('accepts one that keeps everything', async () => {
    expect(await refusalWith()).to.be.undefined;
  });

  it('refuses one that drops keys, and says how to change that', async () => {
    const refusal = await refusalWith('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
    expect(refusal).to.equal(
      'This Redis server cannot be used: it evicts keys when memory is short (maxmemory-policy allkeys-lru): set maxmemory-policy to noeviction.',
    );
  });

  it('refuses one that keeps nothing on disk, and reports all mistakes at once', async () => {
    const refusal = await refusalWith('--appendonly', 'no', '--maxmemory-policy', 'volatile-ttl');
    expect(refusal).to.include('set maxmemory-policy to noeviction').and.to.include('set appendonly to yes');
  });

  for (const [info, refused] of [
    ['redis_version:6.0.16', true],
    ['redis_version:5.0.0', true],
    ['redis_version:6.2.14', true],
    ['redis_version:7.0.0', false],
    ['redis_version:8.4.0', false],
    ['redis_version:7.2.4\r\nvalkey_version:7.2.0', false],
    ['redis_version:7.2.4\r\nvalkey_version:8.1.0', false],
  ] as const) {
    it(`${refused ? 'refuses' : 'accepts'} ${info.replace('\r\n', ', ')}`, async () => {
      const server = await claimToBe(info);
      const refusal = await refusalOf(server.url);
      await server.close();
      if (refused)
        expect(refusal).to.match(/it is version [56]\.[02]\.\d+, .*: install Redis 7\.0 or Valkey 7\.2, or newer/);
      else expect(refusal).to.be.undefined;
    });
  }

  describe('and of the state in it', () => {
    const withState = async (version: string) => {
      const redis = await startRedis();
      const client = await openRedisClient(redis.url);
      await client.set(keys.version, version);
      const refusal = await refusalOf(redis.url);
      const stored = await client.get(keys.version);
      client.disconnect();
      await redis.stop();
      return { refusal, stored };
    };
    const { major, minor } = stateVersion;

    it('refuses a newer major version and leaves it as it is', async () => {
      const { refusal, stored } = await withState(`${major + 1}.0`);
      expect(refusal).to.equal(
        `The state in Redis has format ${major + 1}.0, but this version of chainr supports ${major}.${minor}: use a newer chainr.`,
      );
      expect(stored).to.equal(`${major + 1}.0`);
    });

    for (const older of [`${major - 1}.0`, `${major - 1}.9`, '1.0']) {
      it(`refuses the state of an older major version (${older}), says what to do, and leaves it as it is`, async () => {
        const { refusal, stored } = await withState(older);
        expect(refusal).to.equal(
          `The state in Redis has format ${older}, but this version of chainr needs ${major}.${minor}: let the chainr that wrote it finish its runs, then start with an empty Redis (for \`chainr up\`: an empty data folder).`,
        );
        expect(stored).to.equal(older);
      });
    }

    it('works with a newer minor version and leaves it as it is', async () => {
      expect(await withState(`${major}.${minor + 7}`)).to.eql({ refusal: undefined, stored: `${major}.${minor + 7}` });
    });

    it('gives an empty Redis a version and an instance that stay', async () => {
      const redis = await startRedis();
      const [one, two] = [1, 2].map(() => new Store({ url: redis.url, logger: silentLogger }));
      await Promise.all([one!.start(), two!.start()]);
      expect(one!.instance).to.have.length(36).and.to.equal(two!.instance);
      await Promise.all([one!.stop(), two!.stop()]);
      await redis.stop();
    });
  });
});
