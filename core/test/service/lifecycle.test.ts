import { expect } from 'chai';
import { deferred } from './deferred.js';
import { Service, StoppedWhileStarting, type Part } from '../../src/service/lifecycle.js';
import { createLogger } from '../../src/service/logger.js';
import { StoreUnavailable } from '../../src/store/redis/errors.js';

const logger = createLogger('test', 'silent');

function part(name: string, calls: string[], overrides: Partial<Part> = {}): Part {
  return {
    name,
    start: async () => void calls.push(`start ${name}`),
    stop: async () => void calls.push(`stop ${name}`),
    ...overrides,
  };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a service', () => {
  it('starts its parts in order and stops them in reverse order, once, however often it is called', async () => {
    const calls: string[] = [];
    const service = new Service('test', logger, [part('a', calls), part('b', calls)]);
    await Promise.all([service.start(), service.start()]);
    await Promise.all([service.stop(), service.stop()]);
    expect(calls).to.deep.equal(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops the started parts if a part cannot start, and says why', async () => {
    const calls: string[] = [];
    const broken = part('b', calls, { start: async () => Promise.reject(new Error('no place')) });
    const service = new Service('test', logger, [part('a', calls), broken, part('c', calls)]);
    expect(await failureOf(service.start())).to.have.property('message', 'no place');
    expect(calls).to.deep.equal(['start a', 'stop b', 'stop a']);
  });

  it('waits if Redis goes away while a part starts, logs it, and continues', async () => {
    const calls: string[] = [];
    const said: unknown[] = [];
    const telling = createLogger('test', 'silent');
    telling.warn = (line: unknown) => void said.push(line);
    let left = 3;
    const start = async () => {
      calls.push('start b');
      left -= 1;
      if (left > 0) throw new StoreUnavailable('Redis does not answer');
    };
    const service = new Service('test', telling, [part('a', calls), part('b', calls, { start }), part('c', calls)]);
    await service.start();
    expect(calls).to.deep.equal(['start a', 'start b', 'start b', 'start b', 'start c']);
    expect(said).to.have.length(1);
    expect(said[0]).to.include({ event: 'start.waiting', part: 'b' });
    await service.stop();
  });

  it('can be stopped while it waits for Redis to come back', async () => {
    const calls: string[] = [];
    const begun = deferred();
    const start = async () => {
      begun.resolve();
      throw new StoreUnavailable('Redis does not answer');
    };
    const service = new Service('test', logger, [part('a', calls), part('b', calls, { start })]);
    const failure = failureOf(service.start());
    await begun.promise;
    await service.stop();
    expect(await failure).to.be.instanceOf(StoppedWhileStarting);
    expect(calls).to.deep.equal(['start a', 'stop b', 'stop a']);
  });

  it('can be stopped while a part still waits for something', async () => {
    const calls: string[] = [];
    const waiting = deferred();
    const begun = deferred();
    const slow = part('b', calls, {
      start: () => {
        begun.resolve();
        return waiting.promise;
      },
      stop: async () => waiting.reject(new Error('gave up')),
    });
    const service = new Service('test', logger, [part('a', calls), slow, part('c', calls)]);
    const failure = failureOf(service.start());
    await begun.promise;
    await service.stop();
    expect(await failure).to.be.instanceOf(StoppedWhileStarting);
    expect(calls).to.deep.equal(['start a', 'stop a']);
  });

  it('stops the other parts although one does not stop cleanly, and logs it', async () => {
    const calls: string[] = [];
    const broken = part('b', calls, { stop: async () => Promise.reject(new Error('stuck')) });
    const service = new Service('test', logger, [part('a', calls), broken]);
    await service.start();
    expect(await failureOf(service.stop())).to.be.instanceOf(AggregateError);
    expect(calls).to.deep.equal(['start a', 'start b', 'stop a']);
  });
});
