import type { IncomingMessage } from 'node:http';
import type { OutputChunk } from '../../port.js';
import type { ApiClient } from '../api/api-client.js';
import { statusOf } from '../api/api-error.js';
import type { PodBoard } from '../watch/pod-board.js';
import { ContainerLog, NoLog } from './container-log.js';
import { gatherParts } from './gather-parts.js';
import { sinceTimeOf, type Mark } from './log-position.js';
import type { LogSource } from './log-source.js';

/** A log that stays open without a byte for this long after its container has ended has lost its connection. */
const silentAfterEndMs = 10_000;

/**
 * A reader that took nothing for this long opens the log anew from its mark: the kubelet, which looks at the size of logs
 * every 10 s, may have rotated it more than once, and then goes on with the newest file without a word.
 */
const stallMs = 5_000;

/** Output of one container, and how far it was read with it. */
export interface Piece {
  place: number;
  chunks: OutputChunk[];
  mark: Mark | undefined;
}

/** The pod whose containers are read. */
export interface LogPlace {
  api: ApiClient;
  board: PodBoard;
  /** The pod. */
  name: string;
}

/**
 * The output of a container after a mark, until it ends or the connection does.
 * @param onMark gets how far it was read, with each piece
 * @return whether all of it was read, or is gone
 */
export async function* readContainer(
  place: LogPlace,
  source: LogSource,
  from: Mark | undefined,
  signal: AbortSignal,
  onMark: (mark: Mark | undefined) => void,
): AsyncGenerator<Piece, boolean, void> {
  const log = new ContainerLog(source.name, from);
  // The consumer may leave the generator early, which must end the request too.
  const left = new AbortController();
  const both = AbortSignal.any([signal, left.signal]);
  const piece = (chunks: OutputChunk[]): Piece => {
    onMark(log.mark);
    return { place: source.place, chunks, mark: log.mark };
  };
  try {
    const response = await openLog(place, source, from, both);
    if (!response) return false;
    const silence = endWhenSilent(place, source, response);
    try {
      for await (const part of gatherParts(response)) {
        silence.broken();
        const chunks = log.take(part);
        const askedAt = performance.now();
        if (chunks.length > 0) yield piece(chunks);
        if (signal.aborted || performance.now() - askedAt > stallMs) return false;
      }
    } finally {
      silence.end();
      response.destroy();
    }
    log.end();
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    if (!(error instanceof NoLog) || !error.isGone) throw error;
    yield piece([cutChunk(source.name, droppedText)]);
    return true;
  } finally {
    left.abort();
  }
}

/** Undefined if the kubelet cannot give it yet, or the pod is gone. */
async function openLog(
  { api, board, name }: LogPlace,
  source: LogSource,
  mark: Mark | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  const query = { container: source.name, follow: true, timestamps: true, sinceTime: sinceTimeOf(mark) };
  try {
    return await api.openLog(`${board.path}/${name}/log`, query, signal);
  } catch (error) {
    const status = statusOf(error);
    if (status !== 400 && status !== 404) throw error;
    await board.fetch(name);
    return undefined;
  }
}

/** Ends a follow that stays open after its container has ended: its connection is lost. */
function endWhenSilent({ board, name }: LogPlace, source: LogSource, response: IncomingMessage) {
  const timer = setInterval(() => {
    const pod = board.get(name);
    const isOver = !pod || ['ended', 'never'].includes(source.look(pod).kind);
    // What is read and not taken waits for its reader.
    if (isOver && response.readableLength === 0) {
      response.destroy(new Error('the log of a container that has ended did not end'));
    }
  }, silentAfterEndMs);
  return {
    broken: () => void timer.refresh(),
    end: () => {
      clearInterval(timer);
    },
  };
}

const droppedText = 'the end of the log is missing: the node has dropped it with the pod, which somebody deleted';

/** A sentence of chainr's own in the log of a step or service. */
export const cutChunk = (name: string, text: string): OutputChunk => ({
  time: Date.now(),
  step: name,
  stream: 'system',
  bytes: Buffer.from(`[chainr: ${text}]\n`),
});
