import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import type { JobPlan } from '../../pipeline/pipeline.js';
import { keys, planField } from '../redis/keys.js';
import { specificationOf } from '../script/layout.js';
import type { PackedPipeline } from './pack-pipeline.js';

/** Plans read in one command: they contain scripts. */
const page = 250;

const titleKey = '"title":';

/** Whether jobs may have titles. May be true for a pipeline without any, if a script contains such a key. */
export function mayHaveTitles({ plans: { bytes } }: PackedPipeline): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(titleKey);
}

/** The title of the job of a plan. Most jobs have none: only a plan that may have one is parsed. */
export function titleIn(plan: Buffer): string | undefined {
  return plan.includes(titleKey) ? (JSON.parse(specificationOf(plan)) as JobPlan).title : undefined;
}

/** The titles of jobs, in the order of the pipeline, from the index `from`; undefined for a job without one. */
export async function readTitles(
  connection: Redis,
  uid: RunUid,
  { from, limit }: { from: number; limit: number },
): Promise<(string | undefined)[]> {
  const titles: (string | undefined)[] = [];
  for (let at = from; at < from + limit; at += page) {
    const fields = Array.from({ length: Math.min(page, from + limit - at) }, (_, place) => planField(at + place));
    const plans = await connection.hmgetBuffer(keys.run(uid), ...fields);
    titles.push(...plans.map((plan) => (plan ? titleIn(plan) : undefined)));
    if (plans.at(-1) === null) break;
  }
  return titles;
}
