import { setTimeout as pause } from 'node:timers/promises';
import type { AttemptKey, WriteGuard } from '../port.js';
import type { DockerContext } from './context.js';
import { createTombstone } from './create-container.js';
import { unless } from './daemon-errors.js';
import { stopped } from './docker-outcomes.js';
import { endsAttempt, lookAtStep } from './look-at-step.js';

/**
 * Ends an attempt; see the port. The name of the next step is taken first, so that whoever drives the attempt begins
 * nothing more; then what runs is asked to end, and after the grace killed.
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
      if (sight.kind === 'tombstone') return;
      if (sight.kind === 'exited') {
        if (endsAttempt(sight)) return;
        index += 1;
        continue;
      }
      guard();
      if (sight.kind === 'missing') {
        await createTombstone(context, key, index, stopped);
        continue;
      }
      if (sight.kind === 'created') {
        if (sight.refusal) return;
        // Without force: one that has been started meanwhile stays, and is seen by the next look.
        await unless([404, 409], context.docker.getContainer(sight.id).remove({ force: false }));
        continue;
      }
      if (!sight.ending.last) await createTombstone(context, key, index + 1, stopped);
      const leftMs = deadline - performance.now();
      const signal = leftMs <= 0 ? 'SIGKILL' : 'SIGTERM';
      if (!asked.has(`${sight.id} ${signal}`)) {
        guard();
        // 409: it has ended by itself.
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
  } finally {
    clearTimeout(timer);
    watch.close();
  }
}

/** What was killed is gone within milliseconds. */
const killedLookMs = 100;
