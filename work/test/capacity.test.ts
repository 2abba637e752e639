import { expect } from 'chai';
import { Capacity } from '../src/capacity.js';

describe('the capacity of a worker', () => {
  const never = new AbortController().signal;

  it('gives away only free places', () => {
    const capacity = new Capacity(4);
    expect(capacity.take(3)).to.equal(3);
    expect(capacity.take(3)).to.equal(1);
    expect(capacity.take(1)).to.equal(0);
    expect(capacity.free).to.equal(0);
  });

  it('wakes all waiters when a place becomes free', async () => {
    const capacity = new Capacity(1);
    capacity.take(1);
    const waiting = [capacity.room(never), capacity.room(never)];
    capacity.release();
    await Promise.all(waiting);
    expect(capacity.free).to.equal(1);
  });

  it('has no room until the places beyond the total are given back', async () => {
    const capacity = new Capacity(1);
    capacity.takeOverCapacity();
    capacity.takeOverCapacity();
    let woken = false;
    const waiting = capacity.room(never).then(() => (woken = true));
    capacity.release();
    await Promise.resolve();
    expect([capacity.free, woken]).to.deep.equal([0, false]);
    capacity.release();
    await waiting;
  });

  it('has no room while it is draining, and wakes waiters afterwards', async () => {
    const capacity = new Capacity(2);
    capacity.take(1);
    capacity.drain(true);
    expect([capacity.free, capacity.take(1)]).to.deep.equal([0, 0]);
    const waiting = capacity.room(never);
    capacity.release();
    capacity.drain(false);
    await waiting;
    expect(capacity.free).to.equal(2);
  });

  it('drops waiters that no longer want to wait', async () => {
    const capacity = new Capacity(1);
    capacity.take(1);
    const tired = new AbortController();
    const waiting = capacity.room(tired.signal);
    tired.abort();
    await waiting;
    await capacity.room(tired.signal);
    expect(capacity.free).to.equal(0);
  });
});
