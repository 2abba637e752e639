import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '@chainr/testkit/open-store';
import { redisSettings } from './open-engine.js';
import { openLog, requestLog, type OpenLog } from './open-log.js';
import { cpuSeconds } from './process-usage.js';
import type { Row } from './row.js';
import { buildServices, spawnService } from './spawn-service.js';

const followers = 100;
const linesPerSecond = 2_000;
const seconds = 15;
/** About how often a worker stores output. */
const storeEveryMs = 20;

interface Followed {
  lines: number;
  sha256: string;
  /** The connection was cut. */
  broke: boolean;
}

/** One log that grows by 2,000 lines a second, followed by 100 readers through one sched. */
export async function* measureLogFollowers(): AsyncGenerator<Row> {
  await buildServices();
  const open = await openStore({ patienceMs: Infinity }, redisSettings);
  try {
    const sched = await spawnService('sched', open.redis.folder, { CHAINR_REDIS_URL: open.redis.url });
    try {
      const log = await openLog(open);
      const following = Promise.all(Array.from({ length: followers }, () => follow(sched.socketPath, log)));
      const [before, startedAt] = [await cpuSeconds(sched.pid), performance.now()];
      const written = await writeLines(log);
      const followed = await following;
      const took = (performance.now() - startedAt) / 1000;
      const cpu = (await cpuSeconds(sched.pid)) - before;
      const lost = followed.reduce((sum, { lines }) => sum + (written.lines - lines), 0);
      const differ = followed.filter(({ sha256 }) => sha256 !== written.sha256).length;
      const cut = followed.filter(({ broke }) => broke).length;
      const figure = `${(followers * written.lines).toLocaleString('en')} lines in ${took.toFixed(1)} s`;
      yield {
        name: `${followers} followers, lines lost`,
        figure: `${figure}; ${cut} cut, ${differ} differ from what was written`,
        value: lost,
        unit: 'lines',
        target: { atMost: 0 },
      };
      const ofCore = `CPU of sched while it serves them, of one core`;
      yield { name: `${followers} followers, CPU`, figure: ofCore, value: (cpu / took) * 100, unit: '%' };
    } finally {
      await sched.stop();
    }
  } finally {
    await open.close();
  }
}

/** Writes as many lines as are due by the clock, even if the timer is late. */
async function writeLines(log: OpenLog): Promise<{ lines: number; sha256: string }> {
  const hash = createHash('sha256');
  const startedAt = performance.now();
  let lines = 0;
  while (lines < linesPerSecond * seconds) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * linesPerSecond);
    const until = Math.min(due, linesPerSecond * seconds);
    let text = '';
    for (; lines < until; lines += 1) text += `line ${String(lines)} of what a job says while it works\n`;
    const bytes = Buffer.from(text);
    hash.update(bytes);
    await log.append(bytes, { end: lines >= linesPerSecond * seconds });
    await pause(storeEveryMs);
  }
  return { lines, sha256: hash.digest('hex') };
}

async function follow(socketPath: string, { run }: OpenLog): Promise<Followed> {
  const hash = createHash('sha256');
  let lines = 0;
  let broke = false;
  try {
    for await (const chunk of (await requestLog(socketPath, run, '?follow=true')) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    broke = true;
  }
  return { lines, sha256: hash.digest('hex'), broke };
}
