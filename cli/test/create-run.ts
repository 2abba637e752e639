import { expect } from 'chai';
import { chainr } from './test-terminal.js';

const job = { image: 'busybox', run: 'exit 0' };

/** A job, and one dependent for each way in which it may end. */
export const readmePipeline = {
  kind: 'Pipeline',
  metadata: { name: 'readme' },
  jobs: {
    first: job,
    success: { ...job, dependsOn: ['first'] },
    error: { ...job, dependsOn: [{ job: 'first', conditions: { failure: true } }] },
  },
};

/** Sends a pipeline with `chainr run`. @returns the uid of the run */
export async function createRun({ url }: { url: string }, pipeline: unknown): Promise<string> {
  const session = chainr(['run', '-', '--server', url], { stdin: JSON.stringify(pipeline) });
  expect(await session.exitCode, session.stderr).to.equal(0);
  return session.stdout.trim();
}
