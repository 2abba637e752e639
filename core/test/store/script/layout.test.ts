import { expect } from 'chai';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import type { Redis } from 'ioredis';
import { jobStatuses } from '../../../src/engine/states.js';
import {
  noExitCode,
  packPlan,
  packInitialRow,
  specificationOf,
  unpackEdges,
  unpackPool,
  unpackRow,
  unpackState,
} from '../../../src/store/script/layout.js';
import { attemptFields, rowFields, runFields, type Field } from '../../../src/store/script/fields.js';
import { luaRecords } from '../../../src/store/script/lua-records.js';
import { phases } from '../../../src/engine/records.js';

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

  /** A record with these fields, packed by Lua. The other fields are those of a blank record. */
  const pack = async (record: 'run' | 'attempt', fields: Readonly<Record<string, string | number>>) => {
    const set = Object.entries(fields).map(
      ([name, value]) =>
        `r${/^\d$/.test(name) ? `[${name}]` : `.${name}`} = ${typeof value === 'string' ? `'${value}'` : value}`,
    );
    const script = `${luaRecords}\nlocal r = blank_${record}()\n${set.join('\n')}\nreturn pack_${record}(r)`;
    return (await client.callBuffer('EVAL', script, 0)) as Buffer;
  };
  const head = (name: string) => Buffer.from([1, 10, 0, 3, name.length, ...Buffer.from(name)]);
  /** Far below the largest whole numbers that Lua holds exactly. */
  const times = [1, 2, 3, 4, 5, 6, 7, 8].map((phase) => 1_763_690_000_000 + phase);

  it('of an attempt, written by Lua, are read correctly', async () => {
    const section = await pack('attempt', {
      attempt: 65_535,
      epoch: 4_294_967_295,
      flags: 3,
      exit: 7,
      executor: 4_294_967_295,
      message: 281_474_976_710_655,
      losses: 3,
      failures: 2,
      adoptions: 4,
      starts: 6,
      adopted: 5,
      ...Object.fromEntries(phases.map((phase, at) => [phase.replace('At', ''), times[at]!])),
      owner: 'abcdefghijkl',
      text: 'It said «no».',
      steps: '[{"name":"main","exitCode":7}]',
    });
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

  it('omit phases, exit code and steps that are absent', async () => {
    const section = await pack('attempt', { attempt: 1, epoch: 1, exit: noExitCode, created: 5 });
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

  it('of a run, written by Lua, are read correctly', async () => {
    const counts = [10, 11, 12, 13, 14, 15];
    const packed = await pack('run', {
      status: 2,
      priority: 99,
      max_parallel: 7,
      ...Object.fromEntries(counts.map((count, at) => [String(at), count])),
      failed: 15,
      open: 16,
      queued: 17,
      backlog: 18,
      todo: 19,
      sequence: 20,
      created: times[0]!,
      started: times[1]!,
      ended: times[2]!,
      cancel_requested: times[3]!,
      timed_out: times[4]!,
      pool: 'big-machines',
    });
    expect(unpackState(packed)).to.eql({
      status: 'SUCCESSFUL',
      pool: 'big-machines',
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

  it('written by Lua are read correctly by Lua', async () => {
    const each = (fields: readonly Field[], read: (name: string) => string) =>
      fields.map(({ name }) => read(name)).join(', ');
    const names = ['pending', 'running', 'successful', 'failed_jobs', 'skipped', 'canceled'];
    const ofRun = (name: string) => (names.includes(name) ? `r[${names.indexOf(name)}]` : `r.${name}`);
    const values = (fields: readonly Field[]) =>
      fields.map(({ as }, at) => (as === 'bytes8' || as === 'bytes16' ? `text ${at}` : at + 1));
    for (const [record, fields, read] of [
      ['run', runFields, ofRun],
      ['attempt', attemptFields, (name: string) => `r.${name}`],
    ] as const) {
      const wanted = values(fields);
      const set = fields.map(({ name }, at) => `${read(name)} = ${JSON.stringify(wanted[at])}`).join('\n');
      const script = `${luaRecords}\nlocal r = blank_${record}()\n${set}\nr = unpack_${record}('xx' .. pack_${record}(r), 3)\nreturn { ${each(fields, read)} }`;
      expect(await client.call('EVAL', script, 0), record).to.deep.equal(wanted);
    }
  });

  it('have the phases of an attempt in their order, and the job counts of a run in that of the statuses', () => {
    const first = attemptFields.findIndex(({ name }) => name === 'created');
    const named = attemptFields.slice(first, first + phases.length).map(({ name }) => `${name}At`);
    expect(named).to.deep.equal([...phases]);
    const counts = runFields.findIndex(({ name }) => name === 'pending');
    const statuses = runFields.slice(counts, counts + jobStatuses.length).map(({ name }) => name.replace('_jobs', '').toUpperCase()); // prettier-ignore
    expect(statuses).to.deep.equal([...jobStatuses]);
    for (const fields of [runFields, rowFields, attemptFields])
      expect(new Set(fields.map(({ name }) => name)).size).to.equal(fields.length);
  });

  it('of a waiting job are read as they were written', () => {
    const name = 'a'.repeat(63);
    const waiting = { name, status: 'PENDING', reason: 'WaitingForDependencies', unsatisfied: 9_999 } as const;
    expect(unpackRow(packInitialRow(waiting))).to.eql(waiting);
  });

  it('of edges are read correctly by Lua', async () => {
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
      local pool = string.byte(ARGV[1], 7 + bytes)
      found[#found + 1] = string.sub(ARGV[1], 8 + bytes, 7 + bytes + pool)
      found[#found + 1] = string.sub(ARGV[1], 8 + bytes + pool)
      return found`;
    expect(
      await client.call('EVAL', script, 0, packPlan(edges, { flags: 1, priority: -3, pool: 'gpu' }, '{"é":1}')),
    ).to.eql([1, 97, 2, 9_999, 7, 258, 1, 'gpu', '{"é":1}']);
  });

  it('with an unknown code are refused', () => {
    expect(() => unpackRow(Buffer.from([99, 0, 0, 0, 0]))).to.throw(RangeError, 'newer version');
    expect(() => unpackRow(Buffer.from([0, 99, 0, 0, 0]))).to.throw(RangeError, 'newer version');
  });

  it('of a plan contain its edges, pool and specification', () => {
    const edges = [
      { index: 0, mask: 1 },
      { index: 9_999, mask: 7 },
    ];
    const plan = packPlan(edges, { flags: 1, priority: -100, pool: 'gpu' }, '{"name":"a-job"}');
    expect(unpackEdges(plan)).to.deep.equal(edges);
    expect(unpackPool(plan)).to.equal('gpu');
    expect(specificationOf(plan)).to.equal('{"name":"a-job"}');
    const bare = packPlan([], { flags: 0, priority: 0, pool: '' }, '{}');
    expect(unpackEdges(bare)).to.deep.equal([]);
    expect(unpackPool(bare)).to.equal('');
    expect(specificationOf(bare)).to.equal('{}');
  });
});
