import type { Client } from '@chainr/core/api/client/client';
import { RequestError } from '@chainr/core/api/client/request-error';
import { suggestion } from '@chainr/core/pipeline/did-you-mean';
import { dnsLabel } from '@chainr/core/pipeline/names';
import { CouldNot } from '../exit-codes.js';
import { listAllJobs } from './list-all-jobs.js';

/** Names shown at most where a job is not found and none is near. */
const namesShown = 10;

/**
 * Asks for something of a job; where the run has no such job, it says which ones it has.
 *
 * @throws CouldNot with the name that was most likely meant; else what the question throws
 */
export async function askForJob<T>(client: Client, uid: string, name: string, ask: () => Promise<T>): Promise<T> {
  // What no job can be called may mean something else in an address, such as "..".
  if (!dnsLabel.test(name)) throw await noSuchJob(client, uid, name);
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 404) throw error;
    const names = await namesOf(client, uid);
    if (names.includes(name)) throw error;
    throw new CouldNot(`${error.message.replace(/\.$/, '')}${nearest(name, names)}`, { cause: error });
  }
}

async function noSuchJob(client: Client, uid: string, name: string): Promise<CouldNot> {
  return new CouldNot(`The run has no job ${JSON.stringify(name)}${nearest(name, await namesOf(client, uid))}`);
}

const namesOf = async (client: Client, uid: string): Promise<string[]> =>
  (await listAllJobs(client, await client.getRun(uid))).map((job) => job.name);

function nearest(name: string, names: readonly string[]): string {
  const meant = suggestion(name, names);
  return meant === '' ? `; it has ${listNames(names)}.` : meant;
}

/** `a, b, …`: the first of many names. */
export function listNames(names: readonly string[]): string {
  return `${names.slice(0, namesShown).join(', ')}${names.length > namesShown ? ', …' : ''}`;
}
