import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import type { TimedAttempt, TimedJob } from '../../timeline/timed-job.js';
import { keys, planField } from '../redis/keys.js';
import { titleIn } from './job-titles.js';
import { unpackEdges, unpackRow, type Row } from '../script/layout.js';

/** Jobs read in one command: their plans contain scripts. */
const page = 250;

/** The input of a timeline. Read page by page, so that other clients get their turn (see Bounded calls). */
export async function readTimedJobs(connection: Redis, uid: RunUid): Promise<TimedJob[]> {
  const jobs: TimedJob[] = [];
  for (;;) {
    const indexes = Array.from({ length: page }, (_, place) => jobs.length + place);
    const [rows, plans] = await Promise.all([
      connection.hmgetBuffer(keys.run(uid), ...indexes.map(String)),
      connection.hmgetBuffer(keys.run(uid), ...indexes.map(planField)),
    ]);
    const found = rows.flatMap((bytes, place) => {
      const plan = plans[place];
      return bytes && plan ? [{ index: indexes[place] ?? 0, row: unpackRow(bytes), plan }] : [];
    });
    const earlier = await readEarlier(connection, uid, found);
    for (const { index, row, plan } of found) {
      const { name, status, reason } = row;
      const attempts = [...(earlier.get(index) ?? []), ...attemptOf(row)];
      const title = titleIn(plan);
      jobs.push({
        name,
        ...(title !== undefined && { title }),
        status,
        reason,
        attempts,
        dependents: unpackEdges(plan),
      });
    }
    if (found.length < page) return jobs;
  }
}

/** The attempts that later ones followed, by job index. */
async function readEarlier(
  connection: Redis,
  uid: RunUid,
  found: readonly { index: number; row: Row }[],
): Promise<Map<number, TimedAttempt[]>> {
  const places = found.flatMap(({ index, row }) =>
    Array.from({ length: (row.section?.attempt ?? 1) - 1 }, (_, at) => ({ index, field: `${index}.${at + 1}` })),
  );
  const byIndex = new Map<number, TimedAttempt[]>();
  if (places.length === 0) return byIndex;
  const archived = await connection.hmgetBuffer(keys.attempts(uid), ...places.map(({ field }) => field));
  places.forEach(({ index }, at) => {
    const bytes = archived[at];
    if (bytes) byIndex.set(index, [...(byIndex.get(index) ?? []), ...attemptOf(unpackRow(bytes))]);
  });
  return byIndex;
}

/** The attempt in a row, including one that waits to be claimed. */
function attemptOf({ status, reason, section }: Row): TimedAttempt[] {
  return section ? [{ attempt: section.attempt, status, reason, phases: section.phases }] : [];
}
