import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import { backlogMember, formatAttemptId, keys, planField } from '../redis/keys.js';
import { unpackPool, unpackRow, unpackSlices, unpackState, type Row } from '../script/layout.js';
import { repliesOf } from '../redis/replies-of.js';

/** Everything that Redis knows about the state of a job. Times in ms since 1970. */
export interface JobDiagnostics {
  row: Row;
  pool: string;
  /**
   * The deadlines of its current attempt: by when it must have started, by when it must have ended, and when it may
   * begin after a backoff.
   */
  pendingTimeoutAt?: number;
  timeoutAt?: number;
  backoffUntil?: number;
  /** The indexes of jobs that hold a slot, at most 100, oldest first. */
  slotHolders: number[];
  slotsTaken: number;
  /** How many jobs of the run are in the queue of its pool. */
  queued: number;
  /**
   * How many jobs of the run are ahead of it in its pool, in the wait for a slot or for their turn; absent if it does
   * not wait for that.
   */
  aheadInBacklog?: number;
}

/** The most slot holders that an explanation names. */
const holdersShown = 100;

/** Undefined if there is no such job. */
export async function readJobDiagnostics(
  connection: Redis,
  run: RunUid,
  jobIndex: number,
): Promise<JobDiagnostics | undefined> {
  const fields = [String(jobIndex), planField(jobIndex), 'state', 'pools'] as const;
  const [bytes, plan, state, pools] = await connection.hmgetBuffer(keys.run(run), ...fields);
  if (!bytes || !plan || !state) return undefined;
  const row = unpackRow(bytes);
  const pool = unpackPool(plan) || unpackState(state).pool;
  const slice = pools ? unpackSlices(pools.toString()).find((each) => each.pool === pool) : undefined;
  const id = formatAttemptId({ run, index: jobIndex, attempt: row.section?.attempt ?? 1 });
  const pipeline = connection.pipeline();
  for (const kind of ['p', 't', 'b']) pipeline.zscore(keys.deadlines, `${id}.${kind}`);
  pipeline.zrange(keys.slots(run), 0, String(holdersShown - 1));
  pipeline.zcard(keys.slots(run));
  pipeline.zrank(keys.backlog(run, slice?.pool), backlogMember(jobIndex));
  const [pending, timeout, backoff, holders, taken, ahead] = await repliesOf(pipeline);
  return {
    row,
    pool,
    ...timed('pendingTimeoutAt', pending),
    ...timed('timeoutAt', timeout),
    ...timed('backoffUntil', backoff),
    slotHolders: (holders as string[]).map(Number),
    slotsTaken: Number(taken),
    queued: (slice ?? unpackState(state)).queued,
    ...(ahead === null ? {} : { aheadInBacklog: Number(ahead) }),
  };
}

const timed = (name: string, score: unknown) => (score === null ? {} : { [name]: Number(score) });
