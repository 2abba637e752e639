import type { WriteGuard } from '../../port.js';
import { boardOf, findPod, nameOf, type KubernetesContext } from '../context.js';
import type { NamedAttempt } from '../names.js';
import { isAlive, type PodView } from '../pod/pod-view.js';
import { takeName } from '../pod/take-name.js';
import { wakeAfter, type PodBoard } from '../watch/pod-board.js';
import { endPod, killPod } from './end-pod.js';

/** A shorter grace is none: the kubelet counts in seconds. */
const leastGraceMs = 1_000;
/** How long the watch may say nothing about a pod that ends until the API server is asked. */
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
  let killed: PodView | undefined;
  try {
    for (let pod = board.get(name) ?? (await board.fetch(name)); ; pod = await viewAfter(pod, board, name)) {
      if (!pod) {
        if (board.lastOf(name) || (await neverStarts(context, board, key, name, guard))) return;
        continue;
      }
      if (!isAlive(pod)) return;
      const leftMs = deadline - performance.now();
      if (!pod.isStopping && leftMs >= leastGraceMs) await endPod(context, board, pod, guard);
      else if ((leftMs <= 0 || !pod.isStopping) && killed?.uid !== pod.uid) {
        await killPod(context, board, pod, guard);
        killed = pod;
      } else await wakeAfter(watch, leftMs > 0 ? Math.min(leftMs, lookAgainMs) : lookAgainMs);
    }
  } finally {
    watch.close();
  }
}

/** What is known now; asks the API server if nothing new is. */
async function viewAfter(pod: PodView | undefined, board: PodBoard, name: string): Promise<PodView | undefined> {
  const known = board.get(name);
  return known === undefined || known === pod ? board.fetch(name) : known;
}

/** Makes sure that an attempt without a pod never gets one. @return false if it has one meanwhile */
async function neverStarts(
  context: KubernetesContext,
  board: PodBoard,
  key: NamedAttempt,
  name: string,
  guard: WriteGuard,
): Promise<boolean> {
  const verdict = { reason: 'Lost', message: 'It was stopped before it started.' } as const;
  const drive = context.drives.get(name);
  // Another owner would have to record its start first, and is not the owner any more.
  const isPrevented = drive ? drive.forbid(verdict) : key.starts === 0 && key.begun !== true;
  return isPrevented || takeName(context, board, key, verdict, guard);
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
