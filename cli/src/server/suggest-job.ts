import type { Client } from '@chainr/core/api/client/client';
import { RequestError } from '@chainr/core/api/client/request-error';
import { suggestion } from '@chainr/core/pipeline/did-you-mean';
import { dnsLabel } from '@chainr/core/pipeline/names';
import { CouldNot } from '../exit-codes.js';
import { listAllJobs } from './list-all-jobs.js';

/** The most names in a message about an unknown job. */
const namesShown = 10;

/**
 * Sends a request about a job. If the run has no such job, the error says which jobs it has.
 *
 * @throws CouldNot with the name that was most likely meant; else what the request throws
 */
export async function askForJob<T>(client: Client, uid: string, name: string, ask: () => Promise<T>): Promise<T> {
  // A name that no job can have may mean something else in an address, such as "..".
  if (!dnsLabel.test(name)) throw await noSuchJob(client, uid, name);
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RequestError) || !error.isRefusal('no-job')) throw error;
    throw await noSuchJob(client, uid, name, error);
  }
}

async function noSuchJob(client: Client, uid: string, name: string, cause?: RequestError): Promise<CouldNot> {
  const names = await namesOfJobs(client, uid);
  return new CouldNot(`The run has no job ${JSON.stringify(name)}${nearest(name, names)}`, { cause });
}

/** The names of all jobs of a run. */
export const namesOfJobs = async (client: Client, uid: string): Promise<string[]> =>
  (await listAllJobs(client, await client.getRun(uid))).map((job) => job.name);

function nearest(name: string, names: readonly string[]): string {
  const meant = suggestion(name, names);
  return meant === '' ? `; it has ${listNames(names)}.` : meant;
}

/** `a, b, …`: the first of many names. */
export function listNames(names: readonly string[]): string {
  return `${names.slice(0, namesShown).join(', ')}${names.length > namesShown ? ', …' : ''}`;
}
