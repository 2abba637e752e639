import { logPartBytes } from '@chainr/core/store/redis/keys';
import { openStore } from '@chainr/testkit/open-store';
import { redisSettings } from './open-engine.js';
import { openLog, requestLog, type OpenLog } from './open-log.js';
import { cpuSeconds } from './process-usage.js';
import { median, type Row } from './row.js';
import { buildServices, spawnService, type SpawnedService } from './spawn-service.js';

const rounds = 5;
const logParts = 64;
const line = 'y\n';
const storedMegabytes = (logParts * logPartBytes) / 1e6;

interface Reading {
  firstByteMs: number;
  seconds: number;
  /** Of sched alone. */
  cpuSeconds: number;
}

/** 64 MiB of `y` lines, read from an otherwise idle sched. */
export async function* measureLogReading(): AsyncGenerator<Row> {
  await buildServices();
  const open = await openStore({ patienceMs: Infinity }, redisSettings);
  try {
    const log = await openLog(open);
    const bytes = Buffer.alloc(logPartBytes, line);
    for (let part = 1; part <= logParts; part += 1) await log.append(bytes, { end: part === logParts });
    const sched = await spawnService('sched', open.redis.folder, { CHAINR_REDIS_URL: open.redis.url });
    try {
      const readings: Reading[] = [];
      for (let round = 0; round < rounds; round += 1) readings.push(await readAll(sched, log));
      yield* rowsOf(readings);
    } finally {
      await sched.stop();
    }
  } finally {
    await open.close();
  }
}

function* rowsOf(readings: readonly Reading[]): Generator<Row> {
  const name = 'log of 64 MiB';
  const firstByte = median(readings.map(({ firstByteMs }) => firstByteMs));
  const perSecond = storedMegabytes / median(readings.map(({ seconds }) => seconds));
  const value = storedMegabytes / median(readings.map((reading) => reading.cpuSeconds));
  const figure = `per second of sched's CPU; ${perSecond.toFixed(0)} MB per second`;
  yield { name: `${name}, first byte`, figure: 'GET …/logs', value: firstByte, unit: 'ms', target: { atMost: 500 } };
  yield { name: `${name}, whole`, figure, value, unit: 'MB/s', target: { atLeast: 50 } };
}

async function readAll({ pid, socketPath }: SpawnedService, { run }: OpenLog): Promise<Reading> {
  const [before, startedAt] = [await cpuSeconds(pid), performance.now()];
  const response = await requestLog(socketPath, run);
  let firstByteMs = Number.NaN;
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes === 0) firstByteMs = performance.now() - startedAt;
    bytes += chunk.length;
  }
  const whole = logParts * logPartBytes;
  if (bytes !== whole) throw new Error(`${String(bytes)} bytes came of a log of ${String(whole)}`);
  const seconds = (performance.now() - startedAt) / 1000;
  return { firstByteMs, seconds, cpuSeconds: (await cpuSeconds(pid)) - before };
}
