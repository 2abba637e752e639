import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';
import { ApiError, NoAnswer } from '../../src/kubernetes/api/api-error.js';
import { Pace } from '../../src/kubernetes/api/pace.js';

/** Requests that the test answers. */
class Requests {
  readonly #open: { resolve: () => void; reject: (error: Error) => void }[] = [];
  sent = 0;

  readonly send = (): Promise<void> => {
    this.sent += 1;
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }));
  };

  get inFlight(): number {
    return this.#open.length;
  }

  async answer(count = 1): Promise<void> {
    for (const each of this.#open.splice(0, count)) each.resolve();
    await turn();
  }

  async fail(error: Error): Promise<void> {
    this.#open.shift()?.reject(error);
    await turn();
  }
}

/** What was decided in promises has been done. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const refusal = (status: number, retryAfterMs?: number) => new ApiError(status, '', 'refused', retryAfterMs);

describe('the pace of requests to an API server', () => {
  async function fill(pace: Pace, requests: Requests, count: number): Promise<Promise<unknown>[]> {
    const made = Array.from({ length: count }, () => pace.run(requests.send).catch((error: unknown) => error));
    await turn();
    return made;
  }

  it('has so many requests in flight at most, in the order in which they came', async () => {
    const [pace, requests] = [new Pace(3), new Requests()];
    const order: number[] = [];
    const made = Array.from({ length: 7 }, (_, at) => pace.run(() => { order.push(at); return requests.send(); })); // prettier-ignore
    await turn();
    expect(requests.inFlight).to.equal(3);
    await requests.answer();
    expect([requests.inFlight, requests.sent]).to.deep.equal([3, 4]);
    await requests.answer(3);
    await requests.answer(3);
    await Promise.all(made);
    expect(order).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
  });

  for (const [what, error] of [
    ['429', refusal(429, 0)],
    ['503', refusal(503, 0)],
    ['no answer', new NoAnswer('away')],
  ] as const) {
    it(`allows one after ${what}, and one more each time that as many as may be in flight were answered`, async () => {
      const [pace, requests] = [new Pace(4), new Requests()];
      const made = await fill(pace, requests, 40);
      await requests.fail(error);
      await requests.answer(3);
      const seen: number[] = [];
      const go = async () => {
        seen.push(requests.inFlight);
        await requests.answer(requests.inFlight);
        return requests.sent;
      };
      await untilFound('all requests to be sent', go, (sent) => sent === 40, { everyMs: 0 });
      await requests.answer(requests.inFlight);
      await Promise.all(made);
      // The three that were in flight were answered afterwards, so the API server is there.
      expect(seen[0]).to.be.oneOf([2, 3]);
      expect(seen).to.deep.equal([...seen].sort());
      expect(Math.max(...seen)).to.equal(4);
    });
  }

  it('stays at one while nothing is answered', async () => {
    const [pace, requests] = [new Pace(8), new Requests()];
    const made = await fill(pace, requests, 20);
    for (let at = 0; at < 8; at += 1) await requests.fail(new NoAnswer('away'));
    for (let at = 0; at < 12; at += 1) {
      expect(requests.inFlight).to.equal(1);
      await requests.fail(new NoAnswer('away'));
    }
    await Promise.all(made);
  });

  it('does not slow down for a refusal of the request itself, or a failure of one node', async () => {
    const [pace, requests] = [new Pace(2), new Requests()];
    const made = await fill(pace, requests, 8);
    for (const status of [404, 409, 403, 500]) await requests.fail(refusal(status));
    expect(requests.inFlight).to.equal(2);
    await requests.answer(4);
    await requests.answer(4);
    await Promise.all(made);
  });

  it('does not slow down when somebody leaves a request or may not send it any more', async () => {
    const [pace, requests] = [new Pace(2), new Requests()];
    const made = await fill(pace, requests, 6);
    await requests.fail(new DOMException('The operation was aborted', 'AbortError'));
    await requests.fail(new Error('the lease is lost'));
    expect(requests.inFlight).to.equal(2);
    await requests.answer(2);
    await requests.answer(2);
    await Promise.all(made);
  });

  it('sends nothing before the time that the API server asks for', async () => {
    const [pace, requests] = [new Pace(2), new Requests()];
    const [first, ...others] = await fill(pace, requests, 6);
    const before = performance.now();
    await requests.fail(refusal(429, 300));
    await requests.answer();
    await first;
    expect(requests.inFlight).to.equal(0);
    await untilFound('the next request', () => requests.inFlight > 0, Boolean, { everyMs: 0 });
    expect(performance.now() - before, 'earlier than asked').to.be.at.least(300);
    const answer = () => requests.answer().then(() => requests.inFlight);
    await untilFound('an answer for every request', answer, (left) => left === 0, { everyMs: 0 });
    await Promise.all(others);
    expect(requests.sent).to.equal(6);
  });

  it('lets whoever waits leave, and goes on without them', async () => {
    const [pace, requests] = [new Pace(1), new Requests()];
    const first = pace.run(requests.send);
    const leaving = new AbortController();
    const left = pace.run(requests.send, leaving.signal).catch((error: unknown) => error);
    const last = pace.run(requests.send);
    leaving.abort(new Error('nobody wants it'));
    expect(String(await left)).to.contain('nobody wants it');
    await requests.answer();
    await requests.answer();
    await Promise.all([first, last]);
    expect(requests.sent).to.equal(2);
    const gone = await pace.run(requests.send, leaving.signal).catch((error: unknown) => error);
    expect(String(gone)).to.contain('nobody wants it');
    expect(requests.sent).to.equal(2);
  });
});
