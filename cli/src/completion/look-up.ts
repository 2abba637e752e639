import type { Client } from '@chainr/core/api/client/client';
import { runStatuses } from '@chainr/core/engine/states';
import { connect } from '../server/connect.js';
import { findRunUid } from '../server/find-run.js';
import { listAllJobs } from '../server/list-all-jobs.js';
import { printable } from '../views/paint.js';
import type { Terminal } from '../terminal/terminal.js';
import type { Candidate, Lookup } from './complete-words.js';
import type { ReadWords } from './read-words.js';

/** The longest wait of a user who presses Tab. */
const patienceMs = 1_000;
/** How many of the newest runs are offered. */
const runsOffered = 20;

/** Looks up words on the server of the command line. */
export function lookUpAt(terminal: Terminal): Lookup {
  return async (argument, read) => {
    const ask = questions[argument];
    if (!ask) return [];
    try {
      return await ask(connect(read.values, terminal), read, AbortSignal.timeout(patienceMs));
    } catch {
      // Without a server, or with an incomplete uid, there is nothing to offer. A message would garble the command line.
      return [];
    }
  };
}

type Question = (client: Client, read: ReadWords, signal: AbortSignal) => Promise<Candidate[]>;

const questions: Readonly<Partial<Record<string, Question>>> = {
  run: async (client, _read, signal) => {
    const { items } = await client.listRuns({ limit: runsOffered }, signal);
    const latest = { word: 'latest', doc: 'the newest run' };
    const runs = items.map(({ metadata, status }) => ({
      word: metadata.uid,
      doc: `${printable(metadata.title ?? metadata.name ?? 'unnamed')}, ${status}`,
    }));
    return [latest, ...runs];
  },
  job: async (client, { operands: [written = ''] }, signal) => {
    const run = await client.getRun(await findRunUid(client, written, { signal }), signal);
    return (await listAllJobs(client, run, signal)).map(({ name, title, status }) => ({
      word: name,
      doc: title === undefined ? status : `${printable(title)}, ${status}`,
    }));
  },
  status: () => Promise.resolve(runStatuses.map((status) => ({ word: status, doc: '' }))),
  worker: async (client, _read, signal) =>
    (await client.listWorkers(signal)).items.map(({ id, host }) => ({ word: id, doc: host })),
};
