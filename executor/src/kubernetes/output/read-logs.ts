import { mergeSources } from '../../merge-sources.js';
import type { AttemptSpec, LogBatch, Position } from '../../port.js';
import { boardOf, nameOf, type KubernetesContext } from '../context.js';
import type { Watch } from '../watch/pod-board.js';
import { formatPosition, parsePosition, type Mark } from './log-position.js';
import { serviceSource, stepSource, type LogSource, type Sight } from './log-source.js';
import { cutChunk, readContainer, type LogPlace, type Piece } from './read-container.js';

const removedText = 'the end of the log may be missing: somebody removed the pod before all of it was read';

/**
 * The attempt's output after `from`: that of the steps one after the other, of services beside them; see the port. Each
 * container is followed from its start, since the kubelet only gives the newest file of a log that it has rotated, and
 * drops the log of a pod that somebody deletes.
 */
export async function* readLogs(
  context: KubernetesContext,
  spec: AttemptSpec,
  from: Position,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void, void> {
  const { services = [], steps } = spec;
  const marks = parsePosition(from, steps.length + services.length);
  const board = boardOf(context, spec);
  if (!board) return;
  // The consumer may leave the generator early, which must end all requests too.
  const left = new AbortController();
  const both = AbortSignal.any([signal, left.signal]);
  const reader = new Reader(context, { api: context.api, board, name: nameOf(context, spec) }, marks, both);
  const hasBegun = spec.begun === true || marks.some((mark) => mark !== undefined);
  const ofSteps = reader.readInOrder(
    steps.map((_, index) => stepSource(spec, index)),
    hasBegun,
  );
  const ofServices = services.map((_, index) => reader.readInOrder([serviceSource(spec, index)], false));
  try {
    for await (const { place, chunks, mark } of mergeSources([ofSteps, ...ofServices])) {
      marks[place] = mark;
      yield { chunks, position: formatPosition(marks) };
      if (signal.aborted) return;
    }
  } finally {
    left.abort();
  }
}

class Reader {
  readonly #context: KubernetesContext;
  readonly #place: LogPlace;
  readonly #marks: readonly (Mark | undefined)[];
  readonly #signal: AbortSignal;

  constructor(context: KubernetesContext, place: LogPlace, marks: readonly (Mark | undefined)[], signal: AbortSignal) {
    this.#context = context;
    this.#place = place;
    this.#marks = marks;
    this.#signal = signal;
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
        if (!end.isOver && known && isGone && !this.#signal.aborted) {
          yield { place: source.place, chunks: [cutChunk(source.name, removedText)], mark: this.#marks[source.place] };
        }
        if (!end.isOver) return;
      }
    } finally {
      watch.close();
    }
  }

  /** @return whether it has ended, so that the next one may have begun, and whether it was seen to have begun */
  async *#readToEnd(
    source: LogSource,
    watch: Watch,
  ): AsyncGenerator<Piece, { isOver: boolean; hasBegun: boolean }, void> {
    let mark = this.#marks[source.place];
    let readAll = '';
    let hasBegun = false;
    for (;;) {
      const sight = await this.#untilReadable(source, watch, readAll);
      if (!sight) return { isOver: false, hasBegun };
      hasBegun = true;
      // Another container of the same name: its log begins anew.
      if (mark && sight.since > Date.parse(mark[0])) mark = undefined;
      const isRead = yield* readContainer(this.#place, source, mark, this.#signal, (read) => (mark = read));
      if (this.#signal.aborted) return { isOver: false, hasBegun };
      // Everything was read after the end was seen, so nothing is missing (see Gapless logs).
      if (sight.kind === 'ended' && isRead) return { isOver: true, hasBegun };
      if (isRead) readAll = sight.container;
    }
  }

  /** @param read the container that was read to its present end. Undefined if nothing more will come, or when aborted */
  async #untilReadable(
    source: LogSource,
    watch: Watch,
    read: string,
  ): Promise<Extract<Sight, { container: string }> | undefined> {
    const { board, name } = this.#place;
    while (!this.#signal.aborted) {
      const isDriven = this.#context.drives.has(name);
      const pod = board.get(name) ?? (await board.fetch(name));
      if (!pod && !isDriven) return undefined;
      const sight = pod && source.look(pod);
      if (sight?.kind === 'never') return undefined;
      if (sight?.kind === 'ended' || (sight?.kind === 'open' && sight.container !== read)) return sight;
      await watch.next();
    }
    return undefined;
  }
}
