import { expect } from 'chai';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import type { Redis } from 'ioredis';
import { jobStatuses } from '../../../src/engine/states.js';
import {
  luaFormats,
  noExitCode,
  packPlan,
  packInitialRow,
  unpackEdges,
  unpackRow,
  unpackState,
} from '../../../src/store/script/layout.js';

describe('packed values', () => {
  let redis: TestRedis;
  let client: Redis;
  before(async () => {
    redis = await startRedis();
    client = await openRedisClient(redis.url);
  });
  after(async () => {
    client.disconnect();
    await redis.stop();
  });

  const pack = async (format: string, values: string) =>
    (await client.callBuffer('EVAL', `return struct.pack('${format}', ${values})`, 0)) as Buffer;
  const head = (name: string) => Buffer.from([1, 10, 0, 3, name.length, ...Buffer.from(name)]);
  /** The largest times and ids that Lua's numbers hold exactly lie far above these. */
  const times = [1, 2, 3, 4, 5, 6, 7, 8].map((phase) => 1_763_690_000_000 + phase);

  it('of an attempt read the same here as the scripts write them', async () => {
    const owner = "'abcdefghijkl'";
    const text = '"It said «no»."';
    const steps = `'[{"name":"main","exitCode":7}]'`;
    const numbers = [65_535, 4_294_967_295, 3, 7, 4_294_967_295, 281_474_976_710_655, 3, 2, 4, 5, ...times];
    const section = await pack(
      luaFormats.attempt,
      `${numbers.join(', ')}, #${owner}, ${owner}, #${text}, ${text}, #${steps}, ${steps}`,
    );
    expect(unpackRow(Buffer.concat([head('a-job'), section]))).to.eql({
      status: 'RUNNING',
      reason: 'Executing',
      unsatisfied: 3,
      name: 'a-job',
      section: {
        attempt: 65_535,
        epoch: 4_294_967_295,
        flags: 3,
        exitCode: 7,
        executor: 4_294_967_295,
        message: 281_474_976_710_655,
        losses: 3,
        failures: 2,
        phases: {
          createdAt: times[0],
          queuedAt: times[1],
          claimedAt: times[2],
          scheduledAt: times[3],
          pulledAt: times[4],
          startedAt: times[5],
          endedAt: times[6],
          closedAt: times[7],
        },
        owner: 'abcdefghijkl',
        text: 'It said «no».',
        steps: [{ name: 'main', exitCode: 7 }],
      },
    });
  });

  it('leave out the phases, exit code and steps that are not there', async () => {
    const section = await pack(
      luaFormats.attempt,
      `1, 1, 0, ${noExitCode}, 1, 1, 0, 0, 0, 0, 5, 0,0,0,0,0,0,0, 0, '', 0, '', 0, ''`,
    );
    const row = unpackRow(Buffer.concat([head('x'), section]));
    expect(row.section).to.have.all.keys(
      'attempt',
      'epoch',
      'flags',
      'executor',
      'message',
      'losses',
      'failures',
      'phases',
      'owner',
      'text',
    );
    expect(row.section?.phases).to.eql({ createdAt: 5 });
  });

  it('of a run read the same here as the scripts write them', async () => {
    const counts = [10, 11, 12, 13, 14, 15];
    const values = [2, 3, 0, 99, 7, ...counts, 15, 16, 17, 18, 19, 20, ...times.slice(0, 5)];
    expect(unpackState(await pack(luaFormats.state, values.join(', ')))).to.eql({
      status: 'SUCCESSFUL',
      executorKind: 'fake',
      priority: -1,
      maxParallel: 7,
      open: 16,
      jobCounts: Object.fromEntries(jobStatuses.map((status, at) => [status, counts[at]])),
      queued: 17,
      backlog: 18,
      todo: 19,
      sequence: 20,
      createdAt: times[0],
      startedAt: times[1],
      endedAt: times[2],
      cancelRequestedAt: times[3],
      timedOutAt: times[4],
    });
  });

  it('of a waiting job read back as they were', () => {
    const name = 'a'.repeat(63);
    const waiting = { name, status: 'PENDING', reason: 'WaitingForDependencies', unsatisfied: 9_999 } as const;
    expect(unpackRow(packInitialRow(waiting))).to.eql(waiting);
  });

  it('of edges are what the scripts take apart', async () => {
    const edges = [
      { index: 9_999, mask: 7 },
      { index: 258, mask: 1 },
    ];
    const script = `local flags, priority, bytes = struct.unpack('>BBI4', ARGV[1])
      local found = { flags, priority, bytes / 3 }
      for edge = 0, bytes / 3 - 1 do
        local high, low, mask = string.byte(ARGV[1], 7 + edge * 3, 9 + edge * 3)
        found[#found + 1] = high * 256 + low
        found[#found + 1] = mask
      end
      found[#found + 1] = string.sub(ARGV[1], 7 + bytes)
      return found`;
    expect(await client.call('EVAL', script, 0, packPlan(edges, { flags: 1, priority: -3 }, '{"é":1}'))).to.eql([
      1,
      97,
      2,
      9_999,
      7,
      258,
      1,
      '{"é":1}',
    ]);
  });

  it('with a code that is not known are refused, not guessed', () => {
    expect(() => unpackRow(Buffer.from([99, 0, 0, 0, 0]))).to.throw(RangeError, 'newer version');
    expect(() => unpackRow(Buffer.from([0, 99, 0, 0, 0]))).to.throw(RangeError, 'newer version');
  });

  it('of a plan give its edges back', () => {
    const edges = [
      { index: 0, mask: 1 },
      { index: 9_999, mask: 7 },
    ];
    expect(unpackEdges(packPlan(edges, { flags: 1, priority: -100 }, '{"name":"a-job"}'))).to.deep.equal(edges);
    expect(unpackEdges(packPlan([], { flags: 0, priority: 0 }, '{}'))).to.deep.equal([]);
  });
});
