import type { Client } from '@chainr/core/api/client/client';
import type { Job, LogLineResource } from '@chainr/core/api/contract/job-resource';
import type { LogQuery } from '@chainr/core/api/client/read-log-lines';
import { isFinalJob } from '@chainr/core/engine/states';
import { CouldNot } from '../exit-codes.js';

/**
 * How long nothing may come of the end of a log whose attempt has ended. A worker that dies right before it stores the
 * end is replaced sooner: its lease ends after 6 s, and others look every second.
 */
const silenceMs = 15_000;

/**
 * The lines of a log to its end. Without `follow` the log of an attempt that still runs is read as far as it is stored.
 * Where the attempt has ended and its last lines are not stored yet, they are waited for.
 *
 * @returns the job whose attempt still runs; undefined where nothing more comes of this log
 * @throws CouldNot where the end does not come; it says from which byte on something may be missing
 */
export async function* readWholeLog(
  client: Client,
  { uid, name }: { uid: string; name: string },
  query: LogQuery,
  patienceMs = silenceMs,
): AsyncGenerator<LogLineResource, Job | undefined> {
  const { ended, attempt, nextOffset } = yield* client.readLogLines(uid, name, query);
  if (ended) return undefined;
  // The job is looked at after its log was read: what has ended between the two is read on as well.
  const job = await client.getJob(uid, name);
  if (!hasEnded(job, attempt)) return job;
  yield* readEnd(client, { uid, name }, { ...query, attempt, offset: nextOffset, follow: true }, patienceMs);
  return undefined;
}

async function* readEnd(
  client: Client,
  { uid, name }: { uid: string; name: string },
  query: LogQuery & { attempt: number; offset: number },
  patienceMs: number,
): AsyncGenerator<LogLineResource> {
  const enough = new AbortController();
  const startTimer = () => setTimeout(() => { enough.abort(); }, patienceMs); // prettier-ignore
  let timer = startTimer();
  let offset = query.offset;
  try {
    for await (const line of client.readLogLines(uid, name, query, enough.signal)) {
      clearTimeout(timer);
      yield line; // Whoever takes it may be slow.
      offset = line.nextOffset;
      timer = startTimer();
    }
  } catch (error) {
    if (!enough.signal.aborted) throw error;
    throw new CouldNot(
      `the log of attempt ${String(query.attempt)} of the job ${name} is incomplete: the attempt has ended, but its worker has not stored the end of the log yet, so output from byte ${String(offset)} on may be missing. Read the log again later, or wait for it with --follow.`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** What was taken over from another run ran there, and has ended. */
function hasEnded({ attempts, reusedFrom, status }: Job, attempt: number): boolean {
  const read = attempts.find((each) => each.attempt === attempt);
  return reusedFrom !== undefined || (read ? read.phases.endedAt !== undefined : isFinalJob(status));
}
