import { setTimeout as pause } from 'node:timers/promises';
import type { AttemptKey, WriteGuard } from '../../port.js';
import type { DockerContext } from '../context.js';
import { createTombstone } from '../start/create-container.js';
import { unless } from '../daemon-errors.js';
import { stopped } from '../watch/docker-outcomes.js';
import { endRemains } from './end-remains.js';
import { endsAttempt, lookAtStep } from '../watch/look-at-step.js';
import { endServices } from '../services/end-services.js';

/**
 * Ends an attempt; see the port. It first takes the name of the next step, so that nobody starts another one. Then
 * running containers get SIGTERM, and SIGKILL after the grace; services after the steps, in what is left of it.
 */
export async function stopAttempt(
  context: DockerContext,
  key: AttemptKey,
  graceMs: number,
  guard: WriteGuard,
): Promise<void> {
  const watch = context.board.open(key);
  const deadline = performance.now() + graceMs;
  const asked = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  try {
    for (let index = 0; ;) {
      const sight = await lookAtStep(context, key, index);
      if (sight.kind === 'tombstone') break;
      if (sight.kind === 'exited') {
        if (endsAttempt(sight)) break;
        index += 1;
        continue;
      }
      guard();
      if (sight.kind === 'missing') {
        await endRemains(context, key, guard);
        await createTombstone(context, key, index, stopped);
        continue;
      }
      if (sight.kind === 'created') {
        if (sight.refusal) break;
        // Without force: a container that was started meanwhile stays, and the next look finds it.
        await unless([404, 409], context.docker.getContainer(sight.id).remove({ force: false }));
        continue;
      }
      if (!sight.ending.last) await createTombstone(context, key, index + 1, stopped);
      const leftMs = deadline - performance.now();
      const signal = leftMs <= 0 ? 'SIGKILL' : 'SIGTERM';
      if (!asked.has(`${sight.id} ${signal}`)) {
        guard();
        // 409: it ended by itself.
        await unless([404, 409], context.docker.getContainer(sight.id).kill({ signal }));
        asked.add(`${sight.id} ${signal}`);
      }
      if (leftMs > 0) {
        clearTimeout(timer);
        timer = setTimeout(() => {
          watch.wake();
        }, leftMs);
        await watch.next();
      } else {
        await Promise.race([watch.next(), pause(killedLookMs)]);
      }
    }
    await endServices(context, key, deadline - performance.now(), guard);
  } finally {
    clearTimeout(timer);
    watch.close();
  }
}

/** A killed container is gone within milliseconds. */
const killedLookMs = 100;
