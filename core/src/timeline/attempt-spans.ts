import type { TimedAttempt } from './timed-job.js';

/** The four shares into which the time of a run falls. */
export const shares = ['waiting', 'starting', 'working', 'overhead'] as const;
export type Share = (typeof shares)[number];

interface SpanRow {
  share: Share;
  /** What happens in it, for the documentation. */
  doc: string;
}

const table = {
  dependencies: { share: 'waiting', doc: 'waits for its dependencies' },
  handOver: { share: 'overhead', doc: 'the last dependency has ended; chainr makes the job ready' },
  retry: { share: 'waiting', doc: 'the previous attempt has ended; waits for the backoff or a manual retry' },
  queue: { share: 'waiting', doc: 'ready; waits for a free worker that is not paused, or for a slot' },
  starting: { share: 'starting', doc: 'claimed; the image, container or process is being prepared' },
  working: { share: 'working', doc: 'the commands of the job run' },
  closing: { share: 'overhead', doc: 'ended; the end of the log is being stored, while dependents already start' },
} as const satisfies Record<string, SpanRow>;

export type SpanKind = keyof typeof table;
/** The kinds of spans of an attempt, in the order in which they follow one another. */
export const spanTable: Readonly<Record<SpanKind, SpanRow>> = table;
export const spanKinds = Object.keys(table) as readonly SpanKind[];

export interface Span {
  kind: SpanKind;
  from: number;
  /** Absent while it continues. */
  to?: number;
}

/** What bounds an attempt besides its own phases. */
export interface SpanFrame {
  /** When the last dependency ended; undefined for a job that has none, or still waits. */
  readyAt?: number;
  /** Whether the job depends on others. */
  depends: boolean;
  /** When the previous attempt ended. */
  previousEndAt?: number;
  /** When an unfinished wait was given up, such as the queueing of a job that was canceled. */
  givenUpAt?: number;
}

/**
 * The spans of an attempt. Each begins where the previous one ended; empty ones are left out. Phases from different
 * clocks may contradict one another by milliseconds, but no span has a negative length.
 */
export function attemptSpans({ attempt, phases }: TimedAttempt, frame: SpanFrame): Span[] {
  const { queuedAt, claimedAt, startedAt, endedAt, closedAt } = phases;
  const begun = frame.previousEndAt ?? phases.createdAt ?? queuedAt ?? 0;
  const line = new SpanLine(begun, endedAt ?? frame.givenUpAt);
  if (attempt > 1) line.add('retry', queuedAt);
  else if (frame.depends) {
    line.add('dependencies', frame.readyAt ?? queuedAt);
    if (frame.readyAt !== undefined) line.add('handOver', queuedAt);
  }
  line.add('queue', claimedAt);
  line.add('starting', startedAt ?? (claimedAt === undefined ? undefined : endedAt));
  if (startedAt !== undefined) line.add('working', endedAt);
  if (endedAt !== undefined) line.add('closing', closedAt, closedAt);
  return line.spans;
}

/** Builds consecutive spans. Nothing follows the first open one. */
class SpanLine {
  readonly spans: Span[] = [];
  #at: number;
  readonly #end: number | undefined;
  #open = false;

  /** @param end where an open span ends */
  constructor(from: number, end: number | undefined) {
    this.#at = from;
    this.#end = end;
  }

  add(kind: SpanKind, until: number | undefined, end = this.#end): void {
    if (this.#open) return;
    const to = until ?? end;
    this.#open = until === undefined;
    if (to === undefined) {
      this.spans.push({ kind, from: this.#at });
    } else if (to > this.#at) {
      this.spans.push({ kind, from: this.#at, to });
      this.#at = to;
    }
  }
}
