import { expect } from 'chai';
import { openStore } from '@chainr/testkit/open-store';
import { driveRun } from '@chainr/testkit/drive-run';
import { pipelineOf } from '@chainr/testkit/builders';
import { atOnce, checkHistories } from './check-histories.js';
import { libraryOfSmallCalls } from './other-libraries.js';

/** How often each thing must happen at least, so that the histories test it at all. */
const happened = {
  claimed: 5_000,
  'claim paused': 200,
  'claim parked': 150,
  'claim taken': 500,
  'cancel ok': 200,
  adopted: 2_000,
  'adopt held': 500,
  'contest ok': 100,
  'contest stale': 100,
  'retry ok': 1_000,
  'requeue ok': 300,
  'requeue final': 20,
  interrupted: 300,
  'reopen ok': 300,
  'reopen claimed': 300,
  'reopen busy': 100,
  'reopen ending': 100,
  'rerun planned': 200,
  'rerun refused': 50,
  'slots looked at': 1_000,
  'late reports': 5_000,
  'claims beside a dead pool': 500,
} as const;

describe('random histories of runs: cancels, timeouts, retries, slots, priorities, pools, lost leases, reruns', () => {
  it('hold every invariant, in more than two thousand runs', async function () {
    this.timeout(900_000);
    const groups = 42;
    const { failure, tally } = await checkHistories(groups);
    if (failure) throw failure;
    expect(groups * atOnce).to.be.at.least(2_000);
    console.log(`      ${[...tally].sort().map(([what, count]) => `${what} ${count}`).join(', ')}`); // prettier-ignore
    for (const [what, count] of Object.entries(happened)) expect(tally.get(what) ?? 0, what).to.be.at.least(count);
  });

  it('hold them with the smallest limits of a call', async function () {
    this.timeout(600_000);
    const library = libraryOfSmallCalls();
    const open = await openStore({ library });
    try {
      const jobs = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`job-${at}`, []]));
      const uid = await open.create(pipelineOf(jobs));
      expect(open.inbox.count(uid)).to.equal(5);
      await driveRun(open, uid);
    } finally {
      await open.close();
    }
    const { failure } = await checkHistories(6, library);
    if (failure) throw failure;
  });
});
