import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { Outcome } from '@chainr/core/engine/outcome';
import type { LogStream } from '@chainr/core/engine/records';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import type { AttemptKey, AttemptSpec, Capabilities, Executor, OutputChunk } from '../src/port.js';

/** Where the attempts of a suite run. Executors opened on one place see the same attempts. */
export interface Place {
  /** A new executor object, as of a worker that has just started. */
  open(): Executor;
  /** Ends and removes all that there is of an attempt, as somebody else would who knows nothing of chainr. */
  vanish?(key: AttemptKey): Promise<void>;
  /** Ends and removes everything. */
  destroy(): Promise<void>;
}

export interface Subject {
  capabilities: Capabilities;
  makePlace(): Promise<Place>;
  /** The image of every step. */
  image: string;
  /** Rows that need what the place does not have; they are printed as pending. */
  leavesOut?: (row: Row) => boolean;
}

export interface Row {
  name: string;
  /** Services in it are found by their names, and serve with the httpd of busybox. */
  needsNetwork?: boolean;
  /** The executors that it applies to; all if absent. */
  needs?: (capabilities: Capabilities) => boolean;
  run(place: Place, image: string): Promise<void>;
}

export const needsOutput = (capabilities: Capabilities): boolean => capabilities.output;

/** A valid lease. */
export const allow = (): void => undefined;
export const never = (): AbortSignal => new AbortController().signal;

export type StepDraft = Partial<StepSpec>;

/** An attempt of a run of its own. */
export function attemptOf(image: string, ...steps: StepDraft[]): AttemptSpec {
  return {
    run: randomUUID(),
    job: 'some-job',
    attempt: 1,
    pipeline: 'some-pipeline',
    steps: steps.map((step, index) => ({
      name: steps.length === 1 ? 'main' : `step-${index}`,
      image,
      env: {},
      continueOnError: false,
      ...step,
    })),
  };
}

export async function runToEnd(executor: Executor, spec: AttemptSpec): Promise<Outcome> {
  await executor.ensure(spec, allow);
  return executor.observe(spec, () => undefined, never());
}

/** Resolves when the attempt's first step runs. */
export async function untilExecuting(executor: Executor, spec: AttemptSpec): Promise<void> {
  const seen = new AbortController();
  const outcome = executor.observe(spec, () => seen.abort(), seen.signal);
  await outcome.then(
    (value) => expect.fail(`it ended before it was seen to run: ${JSON.stringify(value)}`),
    (error: unknown) => expect(seen.signal.aborted, String(error)).to.equal(true),
  );
}

/** Resolves when a script has written the line `ready`. */
export async function untilReady(executor: Executor, spec: AttemptSpec): Promise<void> {
  let seen = '';
  for await (const { chunks } of executor.logs(spec, '', never())) {
    seen += textOf(chunks);
    if (seen.includes('ready\n')) return;
  }
  expect.fail('it ended before it was ready');
}

export async function allOutput(executor: Executor, spec: AttemptSpec, from = ''): Promise<OutputChunk[]> {
  const chunks: OutputChunk[] = [];
  for await (const batch of executor.logs(spec, from, never())) chunks.push(...batch.chunks);
  return chunks;
}

export const remainsOf = async (executor: Executor, { run }: AttemptKey) =>
  (await executor.list()).filter((found) => found.run === run);

/**
 * Nothing is left of an attempt that must not start any more. Only an executor whose creations run at once may keep
 * something that never runs, to take the name.
 */
export async function expectNothingLeft(executor: Executor, key: AttemptKey): Promise<void> {
  const left = await remainsOf(executor, key);
  if (executor.capabilities.startsAtCreation)
    for (const { alive } of left) expect(alive, 'it only takes a name').to.equal(false);
  else expect(left).to.deep.equal([]);
}

/** The output of one or all streams, of one or all steps. */
export function bytesOf(chunks: readonly OutputChunk[], stream?: LogStream, step?: string): Buffer {
  const wanted = chunks.filter((chunk) => {
    return (stream === undefined || chunk.stream === stream) && (step === undefined || chunk.step === step);
  });
  return Buffer.concat(wanted.map(({ bytes }) => bytes));
}

export function textOf(chunks: readonly OutputChunk[], stream: LogStream = 'stdout', step?: string): string {
  return bytesOf(chunks, stream, step).toString();
}

/** What an executor keeps of output (see Capabilities). */
export function asKept({ capabilities }: Executor, written: Buffer): Buffer {
  if (capabilities.exactOutput) return written;
  return Buffer.from(written.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

/** Opens an executor on the place, and closes it after the work even if that fails. */
export async function withExecutor<T>(place: Place, work: (executor: Executor) => Promise<T>): Promise<T> {
  const executor = place.open();
  try {
    return await work(executor);
  } finally {
    await executor.close();
  }
}

/** The same with two executors, as of two workers. */
export function withTwoExecutors<T>(place: Place, work: (one: Executor, two: Executor) => Promise<T>): Promise<T> {
  return withExecutor(place, (one) => withExecutor(place, (two) => work(one, two)));
}
