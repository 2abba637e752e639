import { mock } from 'node:test';
import { expect } from 'chai';
import { within } from '../../src/async/within.js';

describe('waiting for a promise no longer than a time', () => {
  const never = new Promise<never>(() => undefined);

  it('gives what it resolves with', async () => {
    expect(await within(60_000, Promise.resolve(7), () => 'late')).to.equal(7);
  });

  it('rejects as it does', async () => {
    const error: unknown = await within(60_000, Promise.reject(new Error('no')), () => 'late').catch((caught: unknown) => caught); // prettier-ignore
    expect(error).to.have.property('message', 'no');
  });

  it('gives something else, or rejects, when it takes too long', async () => {
    expect(await within(1, never, () => 'late')).to.equal('late');
    const fail = (): never => {
      throw new Error('too late');
    };
    const error: unknown = await within(1, never, fail).catch((caught: unknown) => caught);
    expect(error).to.have.property('message', 'too late');
  });

  it('leaves no timer behind, and a rejection after the time is handled', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      let lates = 0;
      await within(10, Promise.resolve(), () => (lates += 1));
      mock.timers.tick(20);
      expect(lates).to.equal(0);
      let fail!: (error: Error) => void;
      const failing = new Promise<never>((_resolve, reject) => (fail = reject));
      const waited = within(10, failing, () => 'late');
      mock.timers.tick(20);
      fail(new Error('after that'));
      expect(await waited).to.equal('late');
    } finally {
      mock.timers.reset();
    }
  });
});
