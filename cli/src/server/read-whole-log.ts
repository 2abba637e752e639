import type { Client } from '@chainr/core/api/client/client';
import type { Job, LogLineResource } from '@chainr/core/api/contract/job-resource';
import type { LogQuery } from '@chainr/core/api/client/read-log-lines';
import { isFinalJob } from '@chainr/core/engine/states';
import { CouldNot } from '../exit-codes.js';

/**
 * How long to wait for the next lines of a log whose attempt has ended. If a worker dies right before it stores the end
 * of the log, another one adopts the attempt sooner: the lease ends after 6 s, and workers look every second.
 */
const silenceMs = 15_000;

/**
 * Yields the lines of a log to its end. Without `follow`, the log of a running attempt is read as far as it is stored. If
 * the attempt has ended and its last lines are not stored yet, waits for them.
 *
 * @returns the job if its attempt is still running; undefined if the log is complete
 * @throws CouldNot if the end does not come; the message names the byte from which output may be missing
 */
export async function* readWholeLog(
  client: Client,
  { uid, name }: { uid: string; name: string },
  query: LogQuery,
  patienceMs = silenceMs,
): AsyncGenerator<LogLineResource, Job | undefined> {
  const { ended, attempt, nextOffset } = yield* client.readLogLines(uid, name, query);
  if (ended) return undefined;
  // Read the job after its log: an attempt that ended in between is read to its end.
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
      yield line; // The timer is off meanwhile: the consumer may be slow.
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

/** A reused job ran in another run and has ended there. */
function hasEnded({ attempts, reusedFrom, status }: Job, attempt: number): boolean {
  const read = attempts.find((each) => each.attempt === attempt);
  return reusedFrom !== undefined || (read ? read.phases.endedAt !== undefined : isFinalJob(status));
}
