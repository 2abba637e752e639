import type { AttemptSpec, LogBatch, Position } from '../port.js';
import type { DockerContext } from './context.js';
import { unless } from './daemon-errors.js';
import type { Watch } from './event-board.js';
import { FrameReader } from './log-frames.js';
import { formatPosition, parsePosition, sinceOf, type StepMarks } from './log-position.js';
import { endsAttempt, lookAtStep, type StepSight } from './look-at-step.js';
import { StepOutput } from './step-output.js';

type Begun = Extract<StepSight, { kind: 'running' | 'exited' }>;

/** The attempt's output after `from`, step by step; see the port. */
export async function* readLogs(
  context: DockerContext,
  spec: AttemptSpec,
  from: Position,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void, void> {
  const marks = parsePosition(from, spec.steps.length);
  const watch = context.board.open(spec, signal);
  try {
    for (const index of spec.steps.keys()) {
      for (;;) {
        const sight = await untilBegun(context, spec, index, watch, signal);
        if (!sight) return;
        yield* readStep(context, spec, index, sight, marks, signal);
        if (sight.kind === 'running') continue;
        // Everything was read after the end was seen, so nothing is missing (see Gapless logs).
        if (endsAttempt(sight)) return;
        break;
      }
    }
  } finally {
    watch.close();
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

/** The output of a step after its marks, which it advances. Follows the step while it runs. */
async function* readStep(
  context: DockerContext,
  spec: AttemptSpec,
  index: number,
  { id }: Begun,
  marks: StepMarks[],
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void, void> {
  const isAborted = (): boolean => signal.aborted;
  if (isAborted()) return; // A listener added now would never be called.
  const from = marks[index] ?? {};
  const step = spec.steps[index];
  const output = new StepOutput(step?.name ?? '', from);
  // A script writes both to stdout (create-container.ts).
  const streams = step?.run === undefined ? (['stdout', 'stderr'] as const) : (['stdout'] as const);
  const frames = new FrameReader();
  // The consumer may leave the generator early, which must end the request too.
  const left = new AbortController();
  const abort = (): void => {
    left.abort();
  };
  signal.addEventListener('abort', abort);
  const asked = {
    follow: true as const,
    stdout: true,
    stderr: step?.run === undefined,
    timestamps: true,
    since: sinceOf(from, streams) as unknown as number,
  };
  try {
    const stream = await unless(
      [404, 409],
      context.docker.getContainer(id).logs({ ...asked, abortSignal: left.signal }),
    );
    if (!stream) return;
    for await (const piece of stream) {
      const chunks = output.take(frames.take(piece as unknown as Buffer));
      marks[index] = output.marks;
      if (chunks.length > 0) yield { chunks, position: formatPosition(marks) };
      if (isAborted()) return;
    }
  } catch (error) {
    if (!isAborted()) throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    left.abort();
  }
}
