import type { ChainrEvent, RunUid } from '@chainr/core/engine/records';
import { isFinalRun } from '@chainr/core/engine/states';
import type { Store } from '@chainr/core/store/store';
import { beginning, type EventStream } from '@chainr/core/store/events/event-stream';
import { untilFound } from './until-found.js';

/** Waits for a past or future event. After a timeout it fails with the last events seen. */
export async function untilEvent(
  events: EventStream,
  matches: (event: ChainrEvent) => boolean,
  { after = beginning, withinMs = 100_000 } = {},
): Promise<ChainrEvent> {
  const over = new AbortController();
  const seen: ChainrEvent[] = [];
  let found: ChainrEvent | undefined;
  const timer = setTimeout(() => over.abort(), withinMs);
  const onEvents = (arrived: ChainrEvent[]) => {
    seen.push(...arrived);
    found ??= arrived.find(matches);
    if (found) over.abort();
  };
  await events.tail(after, { onEvents }, over.signal);
  clearTimeout(timer);
  if (!found) throw new Error(`no such event within ${withinMs} ms; the last ones: ${JSON.stringify(seen.slice(-5))}`);
  return found;
}

/** Waits until a run has ended. */
export function untilFinal(events: EventStream, run: RunUid, withinMs = 100_000): Promise<ChainrEvent> {
  const matches = (event: ChainrEvent) => event.kind === 'run.status' && event.run === run && isFinalRun(event.status);
  return untilEvent(events, matches, { withinMs });
}

/** Waits until the last attempt of a job is closed: it has ended, and all of its log is stored. */
export async function untilClosed({ runs }: Pick<Store, 'runs'>, run: RunUid, index = 0): Promise<void> {
  await untilFound(
    `the closing of the last attempt of job ${index}`,
    () => runs.listAttempts(run, index),
    (attempts) => attempts.at(-1)?.phases.closedAt !== undefined,
  );
}

/** Waits until the scripts see a later time than now. */
export async function nextMillisecond(store: Store): Promise<void> {
  const now = await store.now();
  const look = () => store.now();
  await untilFound('the next millisecond', look, (later) => later > now, { everyMs: 0 });
}
