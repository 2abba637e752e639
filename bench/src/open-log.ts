import { request, type IncomingMessage } from 'node:http';
import type { RunUid } from '@chainr/core/engine/records';
import type { OpenStore } from '@chainr/testkit/open-store';
import { chainOf } from './shapes.js';

/** The log of a running attempt, the only one of its run, for the caller to write. */
export interface OpenLog {
  run: RunUid;
  append(bytes: Buffer, options?: { end: boolean }): Promise<void>;
}

const { pipeline } = chainOf(1);

/** Claims the only job of a new run as a worker does. */
export async function openLog(open: OpenStore): Promise<OpenLog> {
  const run = await open.create(pipeline);
  const { store } = open;
  const executor = await store.executors.register('fake:bench', 'fake');
  const id = { run, index: 0, attempt: 1 };
  const claimed = await store.transitions.claim(id, { owner: 'bench', executor, ttlMs: 600_000 });
  if (typeof claimed === 'string') throw new Error(`a claim was refused: ${claimed}`);
  const { lease } = claimed;
  let length = 0;
  return {
    run,
    append: async (bytes, { end } = { end: false }) => {
      const reply = await store.transitions.appendLog(lease, { length, bytes, position: '', end });
      if (reply.kind !== 'ok') throw new Error(`an append was answered with ${reply.kind}`);
      ({ length } = reply);
    },
  };
}

/** Requests such a log as text; resolves when the response headers have arrived. */
export function requestLog(socketPath: string, run: RunUid, query = ''): Promise<IncomingMessage> {
  const [job] = pipeline.jobs;
  const path = `/api/runs/${run}/jobs/${job?.name ?? ''}/logs${query}`;
  return new Promise((resolve, reject) => {
    const sending = request({ socketPath, path, agent: false }, (response) => {
      if (response.statusCode === 200) resolve(response);
      else reject(new Error(`a log was answered with ${String(response.statusCode)}`));
    });
    sending.on('error', reject);
    sending.end();
  });
}
