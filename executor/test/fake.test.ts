import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { WrittenOutputs } from '@chainr/core/engine/outputs';
import { createFakeExecutor, type FakeEnd } from '../src/fake/create-fake-executor.js';
import { createFakeWorld } from '../src/fake/fake-world.js';
import type { AttemptSpec } from '../src/port.js';
import { executorSuite } from '../suite/executor-suite.js';
import { allOutput, allow, attemptOf, never, runToEnd, textOf } from '../suite/place.js';

/** The part of a shell that the rows of the suite without output need: `exit N`, `sleep`, and what `writing` makes. */
function decide(spec: AttemptSpec): FakeEnd {
  if (spec.steps[0]?.run?.startsWith('sleep')) return { hold: true };
  const written: WrittenOutputs[] = [];
  for (const { name, run = '', continueOnError } of spec.steps) {
    const [, text] = /^printf '(.*)' > "\$CHAINR_OUTPUT"/s.exec(run) ?? [];
    if (text !== undefined) written.push({ step: name, content: printed(text) });
    const exitCode = Number(/(?:^|; )exit (\d+)$/.exec(run)?.[1] ?? 0);
    if (exitCode !== 0 && !continueOnError) return { outcome: { reason: 'ExitCode', exitCode }, written };
  }
  return { outcome: { reason: 'Completed', exitCode: 0 }, written };
}

/** What printf(1) writes for this format. */
function printed(text: string): Buffer {
  const escapes = text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return Buffer.from(escapes.replaceAll('\\n', '\n').replaceAll('%%', '%'), 'latin1');
}

executorSuite('fake', {
  capabilities: createFakeExecutor().capabilities,
  image: 'none',
  makePlace: async () => {
    const world = createFakeWorld();
    return { open: () => createFakeExecutor({ decide, world }), destroy: async () => world.attempts.clear() };
  },
});

describe('the fake executor', () => {
  it('completes every attempt at once and without output', async () => {
    const executor = createFakeExecutor();
    const spec = attemptOf('none', { run: 'anything' });
    expect(await runToEnd(executor, spec)).to.deep.equal({ reason: 'Completed', exitCode: 0 });
    expect(await allOutput(executor, spec)).to.deep.equal([]);
  });

  it('counts starts, not calls', async () => {
    const started: string[] = [];
    const executor = createFakeExecutor({ onStart: ({ job }) => started.push(job) });
    const spec = attemptOf('none', {});
    await executor.ensure(spec, allow);
    await executor.ensure(spec, allow);
    await executor.stop({ ...spec, attempt: 2 }, 0, allow);
    expect(executor.world.startCount).to.equal(1);
    expect(started).to.deep.equal(['some-job']);
  });

  it('keeps an attempt running until the test ends it', async () => {
    const executor = createFakeExecutor({ decide: () => ({ hold: true, lines: [{ text: 'hello' }] }) });
    const spec = attemptOf('none', {});
    await executor.ensure(spec, allow);
    const phases: string[] = [];
    const outcome = executor.observe(spec, ({ reason }) => phases.push(reason), never());
    const lines = allOutput(executor, spec);
    executor.end(spec, { reason: 'OutOfMemory', exitCode: 137 });
    expect(await outcome).to.deep.equal({ reason: 'OutOfMemory', exitCode: 137 });
    expect(phases).to.deep.equal(['Executing']);
    expect(textOf(await lines)).to.equal('hello\n');
    expect(() => executor.end({ ...spec, attempt: 9 }, { reason: 'Lost' })).to.throw('never started');
  });

  it('runs while its outcome is not decided', async () => {
    let decideNow: (end: FakeEnd) => void = () => undefined;
    const executor = createFakeExecutor({ decide: () => new Promise<FakeEnd>((resolve) => (decideNow = resolve)) });
    const spec = attemptOf('none', {});
    await executor.ensure(spec, allow);
    expect((await executor.list())[0]?.alive).to.equal(true);
    const outcome = executor.observe(spec, () => undefined, never());
    decideNow({ outcome: { reason: 'ExitCode', exitCode: 1 } });
    expect(await outcome).to.include({ exitCode: 1 });
  });
});
