import { Argument } from 'commander';
import type { Client } from '@chainr/core/api/client';
import { CouldNot } from './exit-codes.js';

const newest = 'latest';

/** The argument that names a run. */
export function runArgument(name: '<run>' | '[run]' = '<run>'): Argument {
  return new Argument(name, `the uid of a run, or ${newest} for the newest one`);
}

/** The uid that stands for what was written. @throws CouldNot when the newest of no runs is meant */
export async function findRunUid(client: Client, written: string, signal?: AbortSignal): Promise<string> {
  if (written !== newest) return written;
  const [run] = (await client.listRuns({ limit: 1 }, signal)).items;
  if (!run) throw new CouldNot('there are no runs yet: chainr run FILE sends one.');
  return run.metadata.uid;
}
