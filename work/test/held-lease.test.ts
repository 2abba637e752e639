import { expect } from 'chai';
import { Abandoned, HandedOver, HeldLease, LeaseLost } from '../src/leases/held-lease.js';
import { outputOut, retryDuringOutage } from '../src/attempt/retry-during-outage.js';
import { noMask } from '../src/mask/mask.js';
import { noHolder, openWorker, type OpenWorker } from './open-worker.js';

const lease = { run: 'run-1', index: 0, attempt: 1, epoch: 1, owner: 'me' };
const spec = { run: 'run-1', job: 'only', attempt: 1, pipeline: '', steps: [] };

describe('a hold on a lease', () => {
  let held: HeldLease;
  beforeEach(() => {
    held = new HeldLease(lease, performance.now() + 60_000, noHolder);
  });

  const endings = {
    'is lost': { end: () => held.lose(), reason: LeaseLost },
    'is handed over': { end: () => held.handOver(), reason: HandedOver },
  };
  for (const [what, { end, reason }] of Object.entries(endings)) {
    it(`lets nobody wait or write any more when it ${what}, and says so`, () => {
      const before = held.gone;
      end();
      for (const signal of [before, held.gone, held.abandoned]) expect(signal.reason).to.be.instanceOf(reason);
      expect(held.guard).to.throw(reason);
      expect(() => held.throwIfGone()).to.throw(reason);
    });
  }

  it('stays what it became first', () => {
    held.handOver();
    expect(held.lose()).to.be.instanceOf(HandedOver);
    expect(held.gone.reason).to.be.instanceOf(HandedOver);
    expect(held.guard).to.throw(HandedOver);
  });

  it('goes on where only its rest is abandoned: nobody waits, but writes are allowed', () => {
    held.abandon();
    expect(held.abandoned.reason).to.be.instanceOf(Abandoned);
    expect(held.gone.aborted).to.equal(false);
    held.guard();
    held.throwIfGone();
  });

  it('can be lost after its rest was abandoned', () => {
    held.abandon();
    held.lose();
    expect(held.gone.reason).to.be.instanceOf(LeaseLost);
    expect(held.guard).to.throw(LeaseLost);
  });

  it('allows no write once it may have expired, though nobody is known to have it', () => {
    held.lastsUntil(performance.now());
    expect(held.guard).to.throw(LeaseLost, 'may have expired');
    expect(held.gone.aborted).to.equal(false);
  });

  describe('while a verb is tried again', () => {
    let worker: OpenWorker;
    before(async () => {
      worker = await openWorker();
    });
    after(() => worker.close());

    /** The error that ends the retries of a verb that always fails, if the hold changes after the first try. */
    async function endOf(change: () => void, isOfOutput = false): Promise<unknown> {
      const failing = () => {
        setImmediate(change);
        return Promise.reject(new Error('out of order'));
      };
      const attempt = { held, spec, mask: noMask };
      const outage = isOfOutput ? [outputOut] : [];
      return retryDuringOutage(worker.context, attempt, failing, ...outage).catch((error: unknown) => error);
    }

    for (const isOfOutput of [false, true]) {
      const verb = isOfOutput ? 'reading' : 'acting';
      it(`ends ${verb} with why the lease is gone, in the middle of a pause`, async () => {
        expect(await endOf(() => held.handOver(), isOfOutput)).to.be.instanceOf(HandedOver);
        held = new HeldLease(lease, performance.now() + 60_000, noHolder);
        expect(await endOf(() => held.lose(), isOfOutput)).to.be.instanceOf(LeaseLost);
      });
    }

    it('ends reading when the rest is abandoned', async () => {
      expect(await endOf(() => { held.abandon(); }, true)).to.be.instanceOf(Abandoned); // prettier-ignore
    });

    it('does not end acting when the rest is abandoned', async () => {
      let tries = 0;
      const verb = () => {
        tries += 1;
        if (tries > 1) return Promise.resolve('done');
        held.abandon();
        return Promise.reject(new Error('out of order'));
      };
      expect(await retryDuringOutage(worker.context, { held, spec, mask: noMask }, verb)).to.equal('done');
    });
  });
});
