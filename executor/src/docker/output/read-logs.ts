import type { AttemptSpec, LogBatch, OutputChunk, Position } from '../../port.js';
import type { DockerContext } from '../context.js';
import { unless } from '../daemon-errors.js';
import type { Watch } from '../watch/event-board.js';
import { FrameReader } from './log-frames.js';
import { formatPosition, parsePosition, sinceOf, type StepMarks } from './log-position.js';
import { endsAttempt, lookAtStep, type StepSight } from '../watch/look-at-step.js';
import { mergeSources } from '../../merge-sources.js';
import { serviceName } from '../names.js';
import { lookAtContainer } from '../services/look-at-container.js';
import { StepOutput } from './step-output.js';

type Begun = Extract<StepSight, { kind: 'running' | 'exited' }>;

/** One container of the attempt as a source of output. */
interface Writer {
  /** Its name in the log. */
  name: string;
  /** Its index in the position: services come before steps. */
  place: number;
  /** A script writes both streams to stdout (create-container.ts). */
  streams: readonly (keyof StepMarks)[];
}

/** Output of one container, and how far it was read with it. */
interface Piece {
  place: number;
  chunks: OutputChunk[];
  marks: StepMarks;
}

/** The attempt's output after `from`: that of the steps one after the other, of services beside them; see the port. */
export async function* readLogs(
  context: DockerContext,
  spec: AttemptSpec,
  from: Position,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void, void> {
  const { services = [], steps } = spec;
  const marks = parsePosition(from, services.length + steps.length);
  // The consumer may leave the generator early, which must end all requests too.
  const left = new AbortController();
  const both = AbortSignal.any([signal, left.signal]);
  const over = new AbortController();
  const ofSteps = readSteps(context, spec, marks, both, over);
  const ofServices = services.map((_, index) => readService(context, spec, index, marks, both, over.signal));
  try {
    for await (const { place, chunks, marks: read } of mergeSources([ofSteps, ...ofServices])) {
      marks[place] = read;
      yield { chunks, position: formatPosition(marks) };
      if (signal.aborted) return;
    }
  } finally {
    left.abort();
  }
}

/** @param over aborted at the end: no service begins any more */
async function* readSteps(
  context: DockerContext,
  spec: AttemptSpec,
  marks: readonly StepMarks[],
  signal: AbortSignal,
  over: AbortController,
): AsyncGenerator<Piece, void, void> {
  const watch = context.board.open(spec, signal);
  try {
    for (const [index, { name, run }] of spec.steps.entries()) {
      const place = (spec.services?.length ?? 0) + index;
      const writer: Writer = { name, place, streams: run === undefined ? ['stdout', 'stderr'] : ['stdout'] };
      let mark = marks[place] ?? {};
      for (;;) {
        const sight = await untilBegun(context, spec, index, watch, signal);
        if (!sight) return;
        for await (const piece of readContainer(context, writer, sight.id, mark, signal)) {
          mark = piece.marks;
          yield piece;
        }
        if (signal.aborted) return;
        if (sight.kind === 'running') continue;
        // Everything was read after the end was seen, so nothing is missing (see Gapless logs).
        if (endsAttempt(sight)) return;
        break;
      }
    }
  } finally {
    watch.close();
    over.abort();
  }
}

/** Undefined if the step will never begin, is gone, or when aborted. */
async function untilBegun(
  context: DockerContext,
  spec: AttemptSpec,
  index: number,
  watch: Watch,
  signal: AbortSignal,
): Promise<Begun | undefined> {
  while (!signal.aborted) {
    const isDriven = context.isDriven(spec);
    const sight = await lookAtStep(context, spec, index);
    if (sight.kind === 'running' || sight.kind === 'exited') return sight;
    if (sight.kind === 'tombstone' || (sight.kind === 'created' && sight.refusal)) return undefined;
    if (sight.kind === 'missing' && !isDriven) return undefined;
    await watch.next();
  }
  return undefined;
}

/** @param over aborted when the steps are over */
async function* readService(
  context: DockerContext,
  spec: AttemptSpec,
  index: number,
  marks: readonly StepMarks[],
  signal: AbortSignal,
  over: AbortSignal,
): AsyncGenerator<Piece, void, void> {
  const writer: Writer = { name: spec.services?.[index]?.name ?? '', place: index, streams: ['stdout', 'stderr'] };
  const watch = context.board.open(spec, AbortSignal.any([signal, over]));
  let mark = marks[index] ?? {};
  try {
    while (!signal.aborted) {
      const wasOver = over.aborted;
      const sight = await lookAtContainer(context, serviceName(context.instance(), spec, index));
      if (sight.kind === 'running' || sight.kind === 'exited') {
        for await (const piece of readContainer(context, writer, sight.id, mark, signal)) {
          mark = piece.marks;
          yield piece;
        }
        // Everything was read after the end was seen.
        if (sight.kind === 'exited') return;
      } else {
        if (wasOver || sight.kind === 'foreign') return;
        await watch.next();
      }
    }
  } finally {
    watch.close();
  }
}

/** The output of a container after the marks. Follows the container while it runs. */
async function* readContainer(
  context: DockerContext,
  { name, place, streams }: Writer,
  id: string,
  from: StepMarks,
  signal: AbortSignal,
): AsyncGenerator<Piece, void, void> {
  const isAborted = (): boolean => signal.aborted;
  if (isAborted()) return; // A listener added now would never be called.
  const output = new StepOutput(name, from);
  const frames = new FrameReader();
  const left = new AbortController();
  const abort = (): void => {
    left.abort();
  };
  signal.addEventListener('abort', abort);
  const asked = {
    follow: true as const,
    stdout: true,
    stderr: streams.includes('stderr'),
    timestamps: true,
    since: sinceOf(from, streams) as unknown as number,
  };
  try {
    const stream = await unless(
      [404, 409],
      context.docker.getContainer(id).logs({ ...asked, abortSignal: left.signal }),
    );
    if (!stream) return;
    for await (const bytes of stream) {
      const chunks = output.take(frames.take(bytes as unknown as Buffer));
      if (chunks.length > 0) yield { place, chunks, marks: output.marks };
      if (isAborted()) return;
    }
  } catch (error) {
    if (!isAborted()) throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    left.abort();
  }
}
