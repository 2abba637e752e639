import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { AttemptSpec, LogBatch, OutputChunk, Position } from '../../port.js';
import { Wake } from '../../wake.js';
import { statusOf } from '../api/api-error.js';
import { boardOf, nameOf, type KubernetesContext } from '../context.js';
import { containerName } from '../names.js';
import { isAlive, type PodView } from '../pod/pod-view.js';
import type { PodBoard, Watch } from '../watch/pod-board.js';
import { isStartError, statusOfStep, stepEnds } from '../watch/step-ends.js';
import { ContainerLog, NoLog } from './container-log.js';
import { formatPosition, parsePosition, sinceTimeOf, type Mark } from './log-position.js';

/** A log that stays open without a byte for this long after its container has ended has lost its connection. */
const silentAfterEndMs = 10_000;

/**
 * A reader that took nothing for this long opens the log anew from its mark: the kubelet, which looks at the size of logs
 * every 10 s, may have rotated it more than once, and then goes on with the newest file without a word.
 */
const stallMs = 5_000;
/** How long lines are gathered. */
const gatherMs = 5;

/** How a step stands for a reader of its log. */
type Readable = { isEnded: boolean };

/**
 * The attempt's output after `from`, step by step; see the port. Each container is followed from its start, since the
 * kubelet only gives the newest file of a log that it has rotated, and drops the log of a pod that somebody deletes.
 */
export async function* readLogs(
  context: KubernetesContext,
  spec: AttemptSpec,
  from: Position,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void, void> {
  const marks = parsePosition(from, spec.steps.length);
  const board = boardOf(context, spec);
  if (!board) return;
  const name = nameOf(context, spec);
  const watch = board.open(name, signal);
  let hasBegun = spec.begun === true || marks.some((mark) => mark !== undefined);
  try {
    for (const [index, { name: step }] of spec.steps.entries()) {
      for (;;) {
        const readable = await untilReadable(context, board, spec, index, watch, signal);
        const isGone = board.get(name)?.isTombstone ?? true;
        if (!readable && hasBegun && isGone && !signal.aborted) {
          yield { chunks: [cutChunk(step, removedText)], position: formatPosition(marks) };
        }
        if (!readable) return;
        hasBegun = true;
        const isRead = yield* readStep(context, board, spec, index, marks, signal);
        if (signal.aborted) return;
        // Everything was read after the end was seen, so nothing is missing (see Gapless logs).
        if (readable.isEnded && isRead) break;
      }
    }
  } finally {
    watch.close();
  }
}

/** Undefined if the step will never begin, is gone, or when aborted. */
async function untilReadable(
  context: KubernetesContext,
  board: PodBoard,
  spec: AttemptSpec,
  index: number,
  watch: Watch,
  signal: AbortSignal,
): Promise<Readable | undefined> {
  const name = nameOf(context, spec);
  while (!signal.aborted) {
    const isDriven = context.isDriven(name);
    const pod = board.get(name) ?? (await board.fetch(name));
    if (pod) {
      const state = readableState(pod, spec, index);
      if (state === 'never') return undefined;
      if (state) return state;
    } else if (!isDriven) return undefined;
    await watch.next();
  }
  return undefined;
}

function readableState(pod: PodView, spec: AttemptSpec, index: number): Readable | 'never' | undefined {
  if (pod.isTombstone) return 'never';
  const state = statusOfStep(pod, spec, index)?.state;
  if (state?.running) return { isEnded: false };
  const end = stepEnds(pod, spec)[index];
  if (end && isStartError(end)) return 'never';
  // Nobody may know how it ended, but it has a log.
  if (state?.terminated) return { isEnded: true };
  return isAlive(pod) ? undefined : 'never';
}

/** The output of a step after its mark, which it advances. @return whether the whole log was read, or is gone */
async function* readStep(
  context: KubernetesContext,
  board: PodBoard,
  spec: AttemptSpec,
  index: number,
  marks: (Mark | undefined)[],
  signal: AbortSignal,
): AsyncGenerator<LogBatch, boolean, void> {
  const step = spec.steps[index]?.name ?? '';
  const log = new ContainerLog(step, marks[index]);
  // The consumer may leave the generator early, which must end the request too.
  const left = new AbortController();
  const both = AbortSignal.any([signal, left.signal]);
  const batch = (chunks: OutputChunk[]): LogBatch => {
    marks[index] = log.mark;
    return { chunks, position: formatPosition(marks) };
  };
  try {
    const response = await openLog(context, board, spec, index, marks[index], both);
    if (!response) return false;
    const stopWatching = endWhenSilent(context, board, spec, index, response);
    try {
      for await (const part of gatherParts(response)) {
        const chunks = log.take(part);
        const askedAt = performance.now();
        if (chunks.length > 0) yield batch(chunks);
        if (signal.aborted || performance.now() - askedAt > stallMs) return false;
      }
    } finally {
      stopWatching();
      response.destroy();
    }
    log.end();
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    if (!(error instanceof NoLog) || !error.isGone) throw error;
    yield batch([cutChunk(step, droppedText)]);
    return true;
  } finally {
    left.abort();
  }
}

/**
 * The kubelet sends each line by itself. What comes within a few milliseconds is taken together, since each batch costs
 * its reader a request. The stream holds some 64 KiB, and the kubelet waits when that is full.
 */
async function* gatherParts(response: IncomingMessage): AsyncGenerator<Buffer, void, void> {
  const wake = new Wake();
  const notify = (): void => {
    wake.notify();
  };
  response.on('readable', notify).on('end', notify).on('close', notify).on('error', notify);
  for (;;) {
    const part = response.read() as Buffer | null;
    if (part) yield part;
    else if (response.errored) throw response.errored;
    else if (response.readableEnded) return;
    else if (response.destroyed) throw new Error('the connection of a log was closed before its end');
    else {
      await wake.next();
      await pause(gatherMs);
    }
  }
}

/** Undefined if the kubelet cannot give it yet, or the pod is gone. */
async function openLog(
  { api, ...context }: KubernetesContext,
  board: PodBoard,
  spec: AttemptSpec,
  index: number,
  mark: Mark | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  const name = nameOf({ api, ...context }, spec);
  const query = {
    container: containerName(spec.steps[index]?.name ?? ''),
    follow: true,
    timestamps: true,
    sinceTime: sinceTimeOf(mark),
  };
  try {
    return await api.open(`${board.path}/${name}/log`, query, signal);
  } catch (error) {
    const status = statusOf(error);
    if (status !== 400 && status !== 404) throw error;
    await board.fetch(name);
    return undefined;
  }
}

/** Ends a follow that stays open after its container has ended: its connection is lost. */
function endWhenSilent(
  context: KubernetesContext,
  board: PodBoard,
  spec: AttemptSpec,
  index: number,
  response: IncomingMessage,
): () => void {
  const name = nameOf(context, spec);
  let bytes = -1;
  const timer = setInterval(() => {
    const pod = board.get(name);
    const isOver = !pod || readableState(pod, spec, index) !== undefined;
    const isRunning = pod !== undefined && statusOfStep(pod, spec, index)?.state?.running !== undefined;
    const read = response.socket.bytesRead;
    if (isOver && !isRunning && read === bytes && !response.readableFlowing) {
      response.destroy(new Error('the log of a container that has ended did not end'));
    }
    bytes = read;
  }, silentAfterEndMs);
  return () => {
    clearInterval(timer);
  };
}

const droppedText = 'the end of the log is missing: the node has dropped it with the pod, which somebody deleted';
const removedText = 'the end of the log may be missing: somebody removed the pod before all of it was read';

const cutChunk = (step: string, text: string): OutputChunk => ({
  time: Date.now(),
  step,
  stream: 'system',
  bytes: Buffer.from(`[chainr: ${text}]\n`),
});
