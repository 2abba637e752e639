import type { Deletion } from '@chainr/core/api/contract/bulk-resource';
import { ApiError } from '@chainr/core/api/contract/errors';
import { routes } from '@chainr/core/api/contract/routes';
import type { RunStatus } from '@chainr/core/engine/states';
import type { RunStore } from '@chainr/core/store/runs/run-store';
import type { SchedContext } from '../context.js';
import { noRun } from './find-run.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function deleteRun({ store }: SchedContext) {
  return served(routes.deleteRun, async ({ params: { uid }, response }) => {
    const reply = await store.runs.deleteRun(uid);
    if (reply.kind === 'gone') throw noRun(uid);
    const kept = whyKept(reply);
    if (kept !== undefined) throw new ApiError('Conflict', kept);
    const deletion: Deletion = { kind: 'Deletion', run: uid };
    sendJson(response, 200, deletion);
  });
}

/** Why a run was not deleted, and what to do (see Deletion); undefined if it was. */
export function whyKept(reply: Awaited<ReturnType<RunStore['deleteRun']>>): string | undefined {
  if (reply.kind === 'live') return keptLive(reply.status);
  if (reply.kind !== 'open') return undefined;
  const logs = reply.attempts === 1 ? 'the log of an attempt is' : `the logs of ${String(reply.attempts)} attempts are`;
  return `The run has ended, but ${logs} still being stored: try again in a moment.`;
}

export function keptLive(status: RunStatus): string {
  return `The run is ${status}: cancel it first, or wait until it has ended.`;
}
