import { expect } from 'chai';
import type { Redis } from 'ioredis';
import type { Inbox } from '@chainr/testkit/inbox';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import type { RunUid } from '../../src/model/records.js';
import { formatAttemptId, parseAttemptId, type Lease } from '../../src/store/keys.js';
import type { Store } from '../../src/store/store.js';
import type { ClaimedAttempt } from '../../src/store/transitions.js';
import type { Dice } from './dice.js';

export interface Place {
  store: Store;
  inbox: Inbox;
  client: Redis;
  executor: number;
}

export interface Driven {
  /** How often each attempt was claimed, by its id. */
  claims: Map<string, number>;
  /** The indexes of the jobs whose end was reported before a cancel. */
  ran: Set<number>;
  canceled: boolean;
}

const ttlMs = 60_000;
const noBytes = Buffer.alloc(0);

/**
 * Takes a run to its end as several workers might: in any order, several things in one call of the
 * script, with messages that come twice, reports that come twice or late or from others, and
 * attempts that are given back.
 */
export class RandomDriver {
  readonly #place: Place;
  readonly #run: RunUid;
  readonly #dice: Dice;
  readonly #fails: (index: number) => boolean;
  readonly #fuse: boolean;
  readonly #held: Lease[] = [];
  readonly #over: Lease[] = [];
  readonly #driven: Driven = { claims: new Map(), ran: new Set(), canceled: false };

  constructor(
    place: Place,
    run: RunUid,
    { dice, fails, fuse }: { dice: Dice; fails: (index: number) => boolean; fuse: boolean },
  ) {
    this.#place = place;
    this.#run = run;
    this.#dice = dice;
    this.#fails = fails;
    this.#fuse = fuse;
  }

  /** Ends when nothing is handed out and nothing is held. */
  async drive(cancelAfter: number): Promise<Driven> {
    const { inbox } = this.#place;
    while (inbox.count(this.#run) > 0 || this.#held.length > 0) {
      // A cancel as the state knows it ends no ready jobs; with all of them claimed it reaches every job.
      if (!this.#driven.canceled && this.#driven.ran.size >= cancelAfter && this.#held.length > 0) await this.#cancel();
      else await this.#round();
    }
    return this.#driven;
  }

  async #round(): Promise<void> {
    const { inbox } = this.#place;
    const ids = inbox.take(this.#run, 1 + this.#dice.below(inbox.count(this.#run) + 1));
    const ends = this.#dice
      .shuffled(this.#held)
      .slice(0, this.#dice.below(this.#held.length + 1) || (ids.length > 0 ? 0 : 1));
    for (const lease of ends) this.#held.splice(this.#held.indexOf(lease), 1);
    const actions = [
      ...ids.map((id) => () => this.#claim(id)),
      ...ends.map((lease) => () => this.#end(lease)),
      ...Array.from({ length: this.#dice.below(3) }, () => () => this.#disturb(ids)),
    ];
    await Promise.all(this.#dice.shuffled(actions).map((act) => act()));
  }

  async #cancel(): Promise<void> {
    const { inbox } = this.#place;
    while (inbox.count(this.#run) > 0) for (const id of inbox.take(this.#run)) await this.#claim(id);
    await askToEnd(this.#place, this.#run);
    this.#driven.canceled = true;
  }

  async #claim(id: string): Promise<void> {
    const { store, executor } = this.#place;
    const claimed = await store.transitions.claim(parseAttemptId(id), { owner: 'driver', executor, ttlMs });
    if (typeof claimed === 'object') this.#take(claimed);
  }

  #take({ lease }: ClaimedAttempt): void {
    const id = formatAttemptId(lease);
    this.#driven.claims.set(id, (this.#driven.claims.get(id) ?? 0) + 1);
    this.#held.push(lease);
  }

  async #end(lease: Lease): Promise<void> {
    const { transitions } = this.#place.store;
    if (this.#dice.chance(0.03) && (await transitions.requeue(lease, 'Interrupted', '', 1_000)) === 'ok') {
      this.#over.push(lease);
      return;
    }
    const outcome = this.#fails(lease.index)
      ? ({ reason: 'ExitCode', exitCode: 3 } as const)
      : ({ reason: 'Completed', exitCode: 0 } as const);
    const canceled = this.#driven.canceled;
    const whole = this.#dice.chance(0.5);
    const finishing = transitions.finish(
      lease,
      outcome,
      {},
      {
        ...(this.#fuse && { fuse: { ttlMs, atMost: 3 } }),
        ...(whole && { closeGraceMs: 1_000 }),
      },
    );
    const entry = { length: 0, bytes: noBytes, position: '', end: true };
    const closing = whole ? [] : [transitions.appendLog(lease, entry), transitions.close(lease, 1_000)];
    const [finished] = await Promise.all([finishing, ...closing]);
    expect(finished.kind, `the end of ${formatAttemptId(lease)}`).to.equal('ok');
    if (!canceled) this.#driven.ran.add(lease.index);
    if (finished.kind === 'ok') for (const fused of finished.fused) this.#take(fused);
    this.#over.push(lease);
  }

  /** What must change nothing. */
  async #disturb(ids: readonly string[]): Promise<void> {
    const { store, executor } = this.#place;
    const { transitions } = store;
    const old = this.#over[this.#dice.below(this.#over.length)];
    const own = this.#held[this.#dice.below(this.#held.length)];
    const id = ids[this.#dice.below(ids.length)];
    const failed = { reason: 'ExitCode', exitCode: 9 } as const;
    switch (this.#dice.below(5)) {
      case 0: // The end of an attempt comes again.
        if (old)
          expect(await transitions.finish(old, failed, {}, { fuse: { ttlMs, atMost: 3 } })).to.eql({ kind: 'stale' });
        return;
      case 1: // Somebody else reports it.
        if (own) expect(await transitions.finish({ ...own, owner: 'stranger' }, failed, {})).to.eql({ kind: 'stale' });
        return;
      case 2: // So does an owner of before.
        if (own)
          expect(await transitions.finish({ ...own, epoch: own.epoch - 1 }, failed, {})).to.eql({ kind: 'stale' });
        return;
      case 3: // The message is delivered again, before, together with or after the claim.
        if (id) await transitions.redeliver('fake', [id]);
        return;
      default: {
        // An attempt that is over, and one that never was, is claimed.
        if (!old) return;
        const by = { owner: 'driver', executor, ttlMs };
        expect(await transitions.claim(old, by)).to.be.a('string');
        expect(await transitions.claim({ ...old, attempt: 60_000 }, by)).to.be.a('string');
      }
    }
  }
}
