import { Argument } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import { suggestion } from '@chainr/core/pipeline/did-you-mean';
import { CouldNot } from '../exit-codes.js';

const newest = 'latest';

/** The argument that names a run. */
export function runArgument(name: '<run>' | '[run]' = '<run>'): Argument {
  return new Argument(name, `the uid of a run, or ${newest} for the newest one`);
}

const uid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The uid that an argument stands for.
 *
 * @param others other words that the argument may be; used in suggestions
 * @throws CouldNot if it is no uid, or if it is `latest` and there are no runs
 */
export async function findRunUid(
  client: Client,
  written: string,
  { others = [], signal }: { others?: readonly string[]; signal?: AbortSignal } = {},
): Promise<string> {
  if (uid.test(written)) return written;
  if (written !== newest) {
    const near = suggestion(written, [newest, ...others]);
    throw new CouldNot(`${JSON.stringify(written)} is not the uid of a run${near || `; write it in full, as chainr get lists it, or use ${newest}.`}`); // prettier-ignore
  }
  const [run] = (await client.listRuns({ limit: 1 }, signal)).items;
  if (!run) throw new CouldNot('there are no runs yet; chainr run FILE starts one.');
  return run.metadata.uid;
}
