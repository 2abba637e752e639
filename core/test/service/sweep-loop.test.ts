import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createLogger, type Logger } from '../../src/service/logger.js';
import { SweepLoop } from '../../src/service/sweep-loop.js';
import type { Swept } from '../../src/service/sweep.js';

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
  it('is logged with its count only when it put something right', async () => {
    const { logger, lines } = capture();
    const counts = [0, 3];
    const loop = new SweepLoop({ ...about, sweep: () => Promise.resolve({ changed: counts.shift() ?? 0 }) }, logger);
    await loop.tick();
    expect(lines).to.deep.equal([]);
    await loop.tick();
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ msg: 'swept', sweep: 'demo', changed: 3 });
  });

  it('goes on after a pass that failed, and says so', async () => {
    const { logger, lines } = capture();
    let passes = 0;
    const again = new Promise<void>((resolve) => {
      const sweep = (): Promise<Swept> => {
        passes += 1;
        if (passes > 1) resolve();
        return Promise.reject(new Error('Redis is away'));
      };
      const loop = new SweepLoop({ ...about, sweep }, logger);
      void loop
        .start()
        .then(() => again)
        .then(() => loop.stop());
    });
    await again;
    expect(lines[0]).to.include({ level: 'warn', sweep: 'demo' });
    expect(JSON.stringify(lines[0])).to.include('Redis is away');
  });

  it('ends its pass before it stops, and begins no other', async () => {
    const { logger } = capture();
    const events: string[] = [];
    let finish: (swept: Swept) => void = () => undefined;
    const sweep = (): Promise<Swept> => {
      events.push('begins');
      return new Promise((resolve) => (finish = resolve));
    };
    const loop = new SweepLoop({ ...about, sweep }, logger);
    await loop.start();
    const stopped = loop.stop().then(() => events.push('stopped'));
    events.push('ends');
    finish({ changed: 0 });
    await stopped;
    expect(events).to.deep.equal(['begins', 'ends', 'stopped']);
  });
});
