import type { WriteGuard } from '../../port.js';
import { boardOf, findPod, nameOf, type KubernetesContext } from '../context.js';
import type { NamedAttempt } from '../names.js';
import { isAlive } from '../pod/pod-view.js';
import { takeName } from '../pod/take-name.js';
import type { PodBoard } from '../watch/pod-board.js';
import { endPod, killPod } from './end-pod.js';

/** A shorter grace is none: the kubelet counts in seconds. */
const leastGraceMs = 1_000;
/** How often a pod is asked for while it ends, should the watch say nothing. */
const lookAgainMs = 2_000;

/** Ends an attempt and waits for the end; takes the name of one that was never started. See the port. */
export async function stopAttempt(
  context: KubernetesContext,
  key: NamedAttempt,
  graceMs: number,
  guard: WriteGuard,
): Promise<void> {
  guard();
  const place = await placeOf(context, key);
  if (!place) return;
  const { board, name } = place;
  const watch = board.open(name);
  const deadline = performance.now() + graceMs;
  let killed = false;
  let timer: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const pod = board.get(name) ?? (await board.fetch(name));
      if (!pod) {
        if (board.lastOf(name)) return;
        await takeName(context, board, key, { reason: 'Lost', message: 'It was stopped before it started.' }, guard);
        continue;
      }
      if (!isAlive(pod)) return;
      const leftMs = deadline - performance.now();
      if (!pod.isStopping && leftMs >= leastGraceMs) {
        await endPod(context, board, pod, guard);
        continue;
      }
      if ((leftMs <= 0 || !pod.isStopping) && !killed) {
        await killPod(context, board, pod, guard);
        killed = true;
        continue;
      }
      clearTimeout(timer);
      timer = setTimeout(watch.wake, leftMs > 0 ? Math.min(leftMs, lookAgainMs) : lookAgainMs);
      await watch.next();
    }
  } finally {
    clearTimeout(timer);
    watch.close();
  }
}

/** Undefined if there is nothing to stop, and nothing can be started. */
async function placeOf(
  context: KubernetesContext,
  key: NamedAttempt,
): Promise<{ board: PodBoard; name: string } | undefined> {
  if (key.pipeline === undefined) {
    // The caller has found it, so it exists or is gone for good.
    const found = await findPod(context, key);
    return found && { board: found.board, name: found.pod.name };
  }
  const board = boardOf(context, key);
  return board && { board, name: nameOf(context, key) };
}
