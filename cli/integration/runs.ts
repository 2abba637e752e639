import type { Client } from '@chainr/core/api/client/client';
import type { Run } from '@chainr/core/api/contract/run-resource';
import { isFinalRun } from '@chainr/core/engine/states';

/** Sends a pipeline. @returns the uid of its run. */
export async function createRun(client: Client, pipeline: object): Promise<string> {
  const run = await client.createRun({ text: JSON.stringify(pipeline), contentType: 'application/json' });
  return run.metadata.uid;
}

/** Waits for the end of a run, by its events. */
export async function endOfRun(client: Client, uid: string): Promise<Run> {
  const over = new AbortController();
  try {
    const cursor = await client.lastCursor();
    const now = await client.getRun(uid);
    if (isFinalRun(now.status)) return now;
    for await (const event of client.followEvents(cursor, over.signal)) {
      if (event.kind === 'run.status' && event.run === uid && isFinalRun(event.status)) break;
    }
    return await client.getRun(uid);
  } finally {
    over.abort();
  }
}

/** `{ first: 'SUCCESSFUL', … }` */
export const statusesOf = ({ jobs }: Run): Record<string, string> =>
  Object.fromEntries(jobs.map(({ name, status }) => [name, status]));

/** The lines of the log of an attempt; by default of the last one. */
export async function logOf(client: Client, uid: string, job: string, attempt?: number): Promise<string[]> {
  const texts: string[] = [];
  const query = attempt === undefined ? {} : { attempt };
  for await (const { text } of client.readLogLines(uid, job, query)) texts.push(text);
  return texts;
}

/** The statuses that a job went through, by the events of all runs. */
export async function statusChangesOf(client: Client, uid: string, job: string): Promise<string[]> {
  const changes: string[] = [];
  const over = new AbortController();
  const last = await client.lastCursor();
  for await (const event of client.followEvents(undefined, over.signal)) {
    if (event.kind === 'job.status' && event.run === uid && event.job === job) changes.push(event.status);
    if (event.cursor === last) break;
  }
  over.abort();
  return changes;
}
