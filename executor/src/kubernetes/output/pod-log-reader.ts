import { backoffMs } from '../api/pace.js';
import type { KubernetesContext } from '../context.js';
import { wakeAfter, type Watch } from '../watch/pod-board.js';
import { isNoMore, noMore, type Mark } from './log-position.js';
import type { LogSource, Readable } from './log-source.js';
import { nextReading, type LastRead } from './next-reading.js';
import { cutChunk, readContainer, type LogPlace, type Piece } from './read-container.js';

const removedText = 'the end of the log may be missing: somebody removed the pod before all of it was read';
const droppedText = 'the end of the log may be missing: the node does not have it any more';
const restartedText = 'part of the log may be missing: the service was started again before all of it was read';

export interface LogTimes {
  /** How long a log of a container that has ended is asked for that is not there. */
  patienceMs: number;
  /**
   * When a log is opened again that has ended although its container runs. The kubelet tells the end of a container after a
   * second or so.
   */
  reopenMs: number;
  /** Pauses between readings that give nothing. */
  pausesMs: readonly [least: number, most: number];
}

export const usualTimes: LogTimes = { patienceMs: 10_000, reopenMs: 2_000, pausesMs: [100, 5_000] };

/** What was seen when a log was read to its present end, and when it is read on although nothing else is seen. */
interface Rest {
  sight: Readable;
  until: number;
}

/** Readings in a row that gave nothing. */
interface Vain {
  tries: number;
  since: number;
}

/** Reads the logs of the containers of one pod for one attempt. */
export class PodLogReader {
  readonly #context: Pick<KubernetesContext, 'drives'>;
  readonly #place: LogPlace;
  readonly #marks: readonly (Mark | undefined)[];
  readonly #signal: AbortSignal;
  readonly #times: LogTimes;
  /** The log says that the worker may not read it. */
  #isDenied = false;

  constructor(
    context: Pick<KubernetesContext, 'drives'>,
    place: LogPlace,
    marks: readonly (Mark | undefined)[],
    signal: AbortSignal,
    times: LogTimes,
  ) {
    this.#context = context;
    this.#place = place;
    this.#marks = marks;
    this.#signal = signal;
    this.#times = times;
  }

  /**
   * The output of containers that run one after the other.
   * @param hasBegun something of it was read before, or is known to have run: if the pod is gone, its end is missing
   */
  async *readInOrder(sources: readonly LogSource[], hasBegun: boolean): AsyncGenerator<Piece, void, void> {
    const { board, name } = this.#place;
    const watch = board.open(name, this.#signal);
    let known = hasBegun;
    try {
      for (const source of sources) {
        const end = yield* this.#readToEnd(source, watch);
        known ||= end.hasBegun;
        const isGone = board.get(name)?.isTombstone ?? true;
        if (!end.isOver && known && isGone && !this.#isDenied && !this.#signal.aborted) {
          yield this.#say(source, removedText, this.#marks[source.place]);
        }
        if (!end.isOver) return;
      }
    } finally {
      watch.close();
    }
  }

  #say(source: LogSource, text: string, mark: Mark | undefined): Piece {
    return { place: source.place, chunks: [cutChunk(source.name, text)], mark };
  }

  /** @return whether it has ended, so that the next one may have begun, and whether it was seen to have begun */
  async *#readToEnd(
    source: LogSource,
    watch: Watch,
  ): AsyncGenerator<Piece, { isOver: boolean; hasBegun: boolean }, void> {
    let mark = this.#marks[source.place];
    if (isNoMore(mark)) return { isOver: true, hasBegun: true };
    let last: LastRead | undefined;
    let rest: Rest | undefined;
    let vain: Vain | undefined;
    /** When the log last ended in order, by this clock. */
    let wholeAt = -Infinity;
    for (let hasBegun = false; ; hasBegun = true) {
      const sight = await this.#untilReadable(source, watch, rest);
      if (!sight) return { isOver: false, hasBegun };
      const { container, endedAt, from, isPrevious, hasGap } = nextReading(sight, mark, last);
      if (hasGap) yield this.#say(source, restartedText, from);
      if (container !== last?.container) [vain, wholeAt] = [undefined, -Infinity];
      last = { container, restarts: sight.restarts, isDone: false };
      mark = from;
      const isRunning = sight.isRunning && !isPrevious;
      const isLast = !isRunning && vain !== undefined && performance.now() - vain.since >= this.#times.patienceMs;
      const reading = { source, from, isPrevious, isLast };
      const end = yield* readContainer(this.#place, reading, this.#signal, (read) => (mark = read));
      if (this.#signal.aborted) return { isOver: false, hasBegun: true };
      if (end.kind === 'denied') {
        yield* this.#sayDenied(source, end.why, mark);
        return { isOver: false, hasBegun: true };
      }
      rest = undefined;
      if (end.kind !== 'none') wholeAt = end.kind === 'end' && end.isWhole ? Date.now() : -Infinity;
      if (end.kind === 'left') continue;
      const now = performance.now();
      const hasNew = end.kind === 'end' && end.hasNew;
      vain = hasNew ? undefined : { tries: (vain?.tries ?? 0) + 1, since: isRunning ? now : (vain?.since ?? now) };
      const pauseMs = backoffMs(vain?.tries ?? 0, ...this.#times.pausesMs);
      if (end.kind === 'none') await this.#place.board.fetch(this.#place.name);
      if (isRunning) {
        // The node was restarted, a proxy has a limit, or the end of the container is not told yet.
        rest = { sight, until: now + (end.kind === 'none' ? pauseMs : Math.max(pauseMs, this.#times.reopenMs)) };
      } else if (!hasNew && (isLast || (end.kind === 'end' ? end.isWhole : wholeAt >= endedAt))) {
        // All of it was read after the end of its container (see Gapless logs), or never will be.
        const isOver = sight.kind === 'ended' && !isPrevious;
        if (end.kind === 'none' && wholeAt < endedAt) yield this.#say(source, droppedText, isOver ? noMore : mark);
        if (isOver) return { isOver, hasBegun: true };
        last.isDone = true;
        if (!isPrevious) rest = { sight, until: Infinity };
      } else if (!hasNew) rest = { sight, until: now + pauseMs };
    }
  }

  /** One sentence for the whole attempt. */
  *#sayDenied(source: LogSource, why: string, mark: Mark | undefined): Generator<Piece, void, void> {
    if (this.#isDenied) return;
    this.#isDenied = true;
    yield this.#say(source, `the log is missing: ${why.replace(/\.$/, '')}`, mark);
  }

  /** Undefined if nothing more will come, or when aborted. */
  async #untilReadable(source: LogSource, watch: Watch, rest: Rest | undefined): Promise<Readable | undefined> {
    const { board, name } = this.#place;
    while (!this.#signal.aborted) {
      const isDriven = this.#context.drives.has(name);
      const pod = board.get(name) ?? (await board.fetch(name));
      if (!pod && !isDriven) return undefined;
      const sight = pod && source.look(pod);
      if (sight?.kind === 'never') return undefined;
      const leftMs = rest ? rest.until - performance.now() : 0;
      const isReadable = sight?.kind === 'open' || sight?.kind === 'ended';
      if (isReadable && (leftMs <= 0 || isChanged(rest?.sight, sight))) return sight;
      await wakeAfter(watch, isReadable && leftMs < Infinity ? leftMs : undefined);
    }
    return undefined;
  }
}

const isChanged = (one: Readable | undefined, { container, isRunning, kind }: Readable): boolean =>
  one?.container !== container || one.isRunning !== isRunning || one.kind !== kind;
