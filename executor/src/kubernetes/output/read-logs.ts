import { mergeSources } from '../../merge-sources.js';
import type { AttemptSpec, LogBatch, Position } from '../../port.js';
import { boardOf, nameOf, type KubernetesContext } from '../context.js';
import { formatPosition, parsePosition } from './log-position.js';
import { serviceSource, stepSource } from './log-source.js';
import { PodLogReader, usualTimes, type LogTimes } from './pod-log-reader.js';

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
  times: LogTimes = usualTimes,
): AsyncGenerator<LogBatch, void, void> {
  const { services = [], steps } = spec;
  const marks = parsePosition(from, steps.length + services.length);
  const board = boardOf(context, spec);
  if (!board) return;
  // The consumer may leave the generator early, which must end all requests too.
  const left = new AbortController();
  const both = AbortSignal.any([signal, left.signal]);
  const place = { api: context.api, board, name: nameOf(context, spec) };
  const reader = new PodLogReader(context, place, marks, both, times);
  const hasBegun = spec.begun === true || marks.some((mark) => mark !== undefined);
  const ofSteps = reader.readInOrder(
    steps.map((_, index) => stepSource(spec, index)),
    hasBegun,
  );
  const ofServices = services.map((_, index) => reader.readInOrder([serviceSource(spec, index)], false));
  try {
    for await (const { place: index, chunks, mark } of mergeSources([ofSteps, ...ofServices])) {
      marks[index] = mark;
      yield { chunks, position: formatPosition(marks) };
      if (signal.aborted) return;
    }
  } finally {
    left.abort();
  }
}
