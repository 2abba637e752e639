import { setTimeout as pause } from 'node:timers/promises';
import { isFinalRun } from '@chainr/core/engine/states';
import type { Engine } from './open-engine.js';
import type { Shape } from './shapes.js';

/** How often Redis is asked whether the last run has ended. The measured time comes from the event itself. */
const askEveryMs = 5;

/**
 * Runs a shape `runs` times, `inFlight` of them at once.
 * @returns seconds from before the first create to the event of the last run's end, by the clock of Redis
 */
export async function runShape(engine: Engine, shape: Shape, runs: number, inFlight: number): Promise<number> {
  const { store } = engine;
  const cursor = await store.events.lastCursor();
  const startedAt = await store.now();
  await pushRuns(engine, shape, runs, inFlight);
  const endedAt = await lastEnd(engine, cursor, runs);
  return (endedAt - startedAt) / 1000;
}

/** Creates the runs and resolves when all have ended. */
async function pushRuns(engine: Engine, shape: Shape, runs: number, inFlight: number): Promise<void> {
  const { store, starts } = engine;
  const { pipeline, text } = shape;
  const source = { contentType: 'application/json', text };
  let left = runs;
  const createOneAfterTheOther = async () => {
    while (left > 0) {
      left -= 1;
      const created = await store.runs.createRun({ pipeline, source, defaultPool: 'fake' });
      if (created.kind !== 'created') throw new Error(`a run was not created: ${created.kind}`);
      await starts.reached(created.uid, shape.starts);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, createOneAfterTheOther));
  while ((await store.pools.listLive()).length > 0) await pause(askEveryMs);
}

/** When the last of the runs ended. All of them must have succeeded. */
async function lastEnd({ store }: Engine, after: string, runs: number): Promise<number> {
  let cursor = after;
  let ended = 0;
  let last = 0;
  for (;;) {
    const page = await store.events.readEvents(cursor, 1000);
    for (const event of page.events) {
      if (event.kind !== 'run.status' || !isFinalRun(event.status)) continue;
      if (event.status !== 'SUCCESSFUL') throw new Error(`run ${event.run} ended ${event.status}`);
      ended += 1;
      last = event.time;
    }
    if (page.events.length === 0) break;
    cursor = page.cursor;
  }
  if (ended !== runs) throw new Error(`${ended} of ${runs} runs have ended`);
  return last;
}
