import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createLogger, type Logger } from '../../src/service/logger.js';
import { Metrics } from '../../src/service/metrics.js';
import type { Swept } from '../../src/service/sweep.js';
import { SweepLoop } from '../../src/service/sweep-loop.js';

function capture(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
  return { logger: createLogger('recycle', 'info', destination), lines };
}

const about = { name: 'demo', window: 'A test.', everyMs: 1 };

describe('a sweep', () => {
  it('is logged with its count only if it repaired something', async () => {
    const { logger, lines } = capture();
    const results: Swept[] = [{ changed: 0 }, { changed: 3, lagMs: 40 }];
    const sweep = (): Promise<Swept> => Promise.resolve(results.shift() ?? { changed: 0 });
    const loop = new SweepLoop({ ...about, sweep }, logger, new Metrics('test'));
    await loop.tick();
    expect(lines).to.deep.equal([]);
    await loop.tick();
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ msg: 'swept', sweep: 'demo', changed: 3, lagMs: 40 });
  });

  it('is counted, with how late it was', async () => {
    const metrics = new Metrics('test');
    const passes = [
      () => Promise.resolve({ changed: 3, lagMs: 1_500 }),
      () => Promise.resolve({ changed: 2, lagMs: 250 }),
      () => Promise.reject(new Error('Redis is away')),
    ];
    const sweep = (): Promise<Swept> => passes.shift()?.() ?? Promise.resolve({ changed: 0 });
    const loop = new SweepLoop({ ...about, sweep }, capture().logger, metrics);
    const shown = async () => (await metrics.text()).split('\n').filter((line) => line.startsWith('chainr_sweep_'));
    const of = (name: string, labels: string) => `chainr_sweep_${name}{sweep="demo"${labels},service="test"}`;
    expect(await shown()).to.include(`${of('changes_total', '')} 0`);
    await loop.tick();
    expect(await shown()).to.include(`${of('lag_seconds', '')} 1.5`);
    await loop.tick();
    await loop.tick();
    expect(await shown()).to.have.members([
      `${of('changes_total', '')} 5`,
      `${of('passes_total', ',result="ok"')} 2`,
      `${of('passes_total', ',result="failed"')} 1`,
      `${of('lag_seconds', '')} 0.25`,
    ]);
  });

  it('continues after a failed pass, and logs it', async () => {
    const { logger, lines } = capture();
    let passes = 0;
    const again = new Promise<void>((resolve) => {
      const sweep = (): Promise<Swept> => {
        passes += 1;
        if (passes > 1) resolve();
        return Promise.reject(new Error('Redis is away'));
      };
      const loop = new SweepLoop({ ...about, sweep }, logger, new Metrics('test'));
      void loop
        .start()
        .then(() => again)
        .then(() => loop.stop());
    });
    await again;
    expect(lines[0]).to.include({ level: 'warn', sweep: 'demo' });
    expect(JSON.stringify(lines[0])).to.include('Redis is away');
  });

  it('never runs two passes at once', async () => {
    let passes = 0;
    let finish: (result: Swept) => void = () => undefined;
    const sweep = (): Promise<Swept> => {
      passes += 1;
      return new Promise((resolve) => (finish = resolve));
    };
    const loop = new SweepLoop({ ...about, sweep }, capture().logger, new Metrics('test'));
    const both = [loop.tick(), loop.tick()];
    expect(passes).to.equal(1);
    finish({ changed: 0 });
    await Promise.all(both);
    void loop.tick();
    expect(passes).to.equal(2);
  });

  it('ends its pass before it stops, and starts no other', async () => {
    const { logger } = capture();
    const events: string[] = [];
    let finish: (result: Swept) => void = () => undefined;
    const sweep = (signal: AbortSignal): Promise<Swept> => {
      events.push('begins');
      signal.addEventListener('abort', () => events.push('hurries'));
      return new Promise((resolve) => (finish = resolve));
    };
    const loop = new SweepLoop({ ...about, sweep }, logger, new Metrics('test'));
    await loop.start();
    const stopped = loop.stop().then(() => events.push('stopped'));
    events.push('ends');
    finish({ changed: 0 });
    await stopped;
    expect(events).to.deep.equal(['begins', 'hurries', 'ends', 'stopped']);
  });
});
