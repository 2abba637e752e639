import { expect } from 'chai';
import { checkPipeline, type Mistake } from '../../src/pipeline/checks/check-pipeline.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';

/** A pipeline of jobs as a user writes them. The default job is `run: exit 0` in busybox. */
export function written(jobs: Record<string, object>, rest: object = {}): object {
  return {
    kind: 'Pipeline',
    ...rest,
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([name, job]) => [name, { image: 'busybox', run: 'exit 0', ...job }]),
    ),
  };
}

export function accepted(value: unknown): Pipeline {
  const result = checkPipeline(value);
  if ('mistakes' in result) expect.fail(`refused: ${JSON.stringify(result.mistakes)}`);
  return result.pipeline;
}

export function refused(value: unknown): Mistake[] {
  const result = checkPipeline(value);
  if ('pipeline' in result) expect.fail('accepted');
  return result.mistakes;
}

/** The mistakes as `path: message`. */
export function refusedWith(value: unknown): string[] {
  return refused(value).map(({ path, message }) => `${path}: ${message}`);
}
