import type { OutputChunk } from '../../port.js';
import type { AnswerStream, ApiClient } from '../api/api-client.js';
import { statusOf } from '../api/api-error.js';
import type { PodBoard } from '../watch/pod-board.js';
import { ContainerLog } from './container-log.js';
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

/** One reading of a log. */
export interface Reading {
  source: LogSource;
  from: Mark | undefined;
  /** Of the container that had the place of the present one before. */
  isPrevious: boolean;
  /** What does not come now never will: the log says so. */
  isLast: boolean;
}

/** How a reading ended. */
export type ReadingEnd =
  /**
   * In order, which proves little: the API server ends a log in order too where it has lost the kubelet. `isWhole`: nothing
   * shows that something is missing.
   */
  | { kind: 'end'; hasNew: boolean; isWhole: boolean }
  /** There is no log, or not yet, or less than was read before. */
  | { kind: 'none' }
  /** The worker may not read logs. */
  | { kind: 'denied'; why: string }
  /** It must be opened anew. */
  | { kind: 'left' };

/**
 * The output of a container after a mark, until it ends or the connection does.
 * @param onMark gets how far it was read, with each piece
 * @throws the error of the connection
 */
export async function* readContainer(
  place: LogPlace,
  reading: Reading,
  signal: AbortSignal,
  onMark: (mark: Mark | undefined) => void,
): AsyncGenerator<Piece, ReadingEnd, void> {
  const { source, from, isLast } = reading;
  const log = new ContainerLog(source.name, from);
  // The consumer may leave the generator early, which must end the request too.
  const left = new AbortController();
  const both = AbortSignal.any([signal, left.signal]);
  const given = { any: false };
  const piece = (chunks: OutputChunk[]): Piece => {
    given.any = true;
    onMark(log.mark);
    return { place: source.place, chunks, mark: log.mark };
  };
  try {
    const response = await openLog(place, reading, both);
    if ('kind' in response) return response;
    const silence = endWhenSilent(place, source, response);
    try {
      for await (const part of gatherParts(response)) {
        if (part.length > 0) silence.broken();
        const chunks = part.length > 0 ? log.take(part) : log.settle();
        const askedAt = performance.now();
        if (chunks.length > 0) yield piece(chunks);
        if (signal.aborted || performance.now() - askedAt > stallMs) return { kind: 'left' };
      }
    } finally {
      silence.end();
      response.destroy();
    }
    if ((log.sentence !== '' || (log.isTorn && log.goesOn)) && !given.any) return { kind: 'none' };
    const end: ReadingEnd = { kind: 'end', hasNew: given.any, isWhole: log.goesOn && !log.isTorn };
    if (isLast && !log.goesOn) yield piece(log.finish());
    return end;
  } catch (error) {
    if (signal.aborted) return { kind: 'left' };
    throw error;
  } finally {
    left.abort();
  }
}

async function openLog(
  { api, board, name }: LogPlace,
  { source, from, isPrevious }: Reading,
  signal: AbortSignal,
): Promise<AnswerStream | ReadingEnd> {
  const which = isPrevious ? { previous: true } : { follow: true };
  const query = { container: source.name, ...which, timestamps: true, sinceTime: sinceTimeOf(from) };
  try {
    return await api.openLog(`${board.path}/${name}/log`, query, signal);
  } catch (error) {
    const status = statusOf(error);
    if (status === 403) return { kind: 'denied', why: error instanceof Error ? error.message : '' };
    if (status !== 400 && status !== 404) throw error;
    return { kind: 'none' };
  }
}

/** Ends a follow that stays open after its container has ended: its connection is lost. */
function endWhenSilent({ board, name }: LogPlace, source: LogSource, response: AnswerStream) {
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

/** A sentence of chainr's own in the log of a step or service. */
export const cutChunk = (name: string, text: string): OutputChunk => ({
  time: Date.now(),
  step: name,
  stream: 'system',
  bytes: Buffer.from(`[chainr: ${text}]\n`),
});
