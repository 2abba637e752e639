import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { dependenciesOf } from '@chainr/testkit/builders';
import type { Inbox } from '@chainr/testkit/inbox';
import type { Outcome, OutcomeReason } from '../../../src/engine/outcome.js';
import type { RunUid } from '../../../src/engine/records.js';
import { retryPolicy } from '../../../src/engine/retries.js';
import { transitiveDependents, type Dependencies } from '../../../src/engine/transitive-dependents.js';
import { formatAttemptId, keys, parseAttemptId, type AttemptId, type Lease } from '../../../src/store/redis/keys.js';
import { unpackRow } from '../../../src/store/script/layout.js';
import type { Store } from '../../../src/store/store.js';
import type { ReopenReply } from '../../../src/store/script/transition-types.js';
import type { Dice } from './dice.js';
import { pipelineOfCase, poolOf, type Pool, type RandomCase } from './random-case.js';
import { infrastructureReasons, userReasons } from './reference-model.js';
import { Deeds, Replay, type Start } from './replay.js';

/** A process that runs attempts. It has its own connection. */
export interface Worker {
  store: Store;
  owner: string;
  executor: number;
  pool: Pool;
}

/** What the histories of a group share. */
export interface Ground {
  workers: readonly Worker[];
  inbox: Inbox;
  client: Redis;
  /** Nothing can be claimed in this round. */
  paused: boolean;
  /** No worker of the second pool is alive. */
  isOtherDead: boolean;
  /** How often each thing has happened. */
  tally: Map<string, number>;
}

interface Held {
  lease: Lease;
  worker: Worker;
  executing: boolean;
  /** The end of its attempt is recorded, and the attempt is not closed yet. */
  ended: boolean;
  /** Its workers died soon after they took it, so it is being stopped. */
  crashes?: boolean;
}

export const ttlMs = 6_000;
const graceMs = 1_000;
const noBytes = Buffer.alloc(0);
const unfit: readonly OutcomeReason[] = ['ConfigError', 'ImagePullFailed'];
const exitCodes: Partial<Record<OutcomeReason, number>> = { Completed: 0, ExitCode: 3, Signal: 143, OutOfMemory: 137 };

/**
 * One run, which several workers and users take to its end: in any order, with several operations at once and in one
 * call, with messages that are lost or come twice, leases that expire, reports that come twice or from former owners,
 * cancels and retries by hand.
 */
export class History {
  readonly run: RunUid;
  readonly case: RandomCase;
  readonly deeds = new Deeds();
  readonly replay: Replay;
  readonly held: Held[] = [];
  readonly #ground: Ground;
  readonly #dice: Dice;
  /** Old leases: of attempts that are over, or that have another owner now. */
  readonly #old: { lease: Lease; worker: Worker }[] = [];
  readonly #mail: string[] = [];
  readonly #parked: string[] = [];
  readonly #dependencies: Dependencies[];
  #canceled = false;

  /** @param start the initial states of its jobs */
  constructor(
    ground: Ground,
    run: RunUid,
    { case: each, dice, start }: { case: RandomCase; dice: Dice; start: readonly Start[] },
  ) {
    // prettier-ignore
    this.#ground = ground;
    this.run = run;
    this.case = each;
    this.#dependencies = dependenciesOf(pipelineOfCase(each));
    this.#dice = dice;
    this.replay = new Replay(run, each, { deeds: this.deeds, start });
  }

  get isOver(): boolean {
    return (
      this.replay.isFinal && this.held.length === 0 && this.#mail.length + this.#ground.inbox.count(this.run) === 0
    );
  }

  /** Several actions at once, in random order. */
  async round(): Promise<void> {
    const dice = this.#dice;
    const actions = this.#openMail().map((id) => () => this.#claim(id));
    for (const held of this.held) {
      const act = this.#isDead(held.worker.pool) ? undefined : this.#choose(held);
      if (act) actions.push(act);
    }
    while (dice.chance(0.3)) actions.push(() => this.#disturb());
    if (this.case.cancel && dice.chance(0.04)) actions.push(() => this.#cancel());
    if (dice.chance(0.1)) actions.push(() => this.#expire());
    if (dice.chance(0.3)) actions.push(() => this.#reopenAny());
    if (this.case.maxParallel !== undefined && dice.chance(0.3)) actions.push(() => this.#countSlots());
    await Promise.all(dice.shuffled(actions).map((act) => act()));
  }

  /** Takes in what was handed out so far. */
  collectMail(): void {
    const ids = this.#ground.inbox.take(this.run);
    this.#mail.push(...ids);
    for (const id of ids) this.deeds.count(this.deeds.handedOut, attemptOf(parseAttemptId(id)));
  }

  /** Counts the ids that claims have put back. When that was in the round is unknown, so its events are checked first. */
  collectParked(): void {
    const { handedOut } = this.deeds;
    for (const id of this.#parked.splice(0)) handedOut.set(id, (handedOut.get(id) ?? 0) - 1);
  }

  #isDead(pool: Pool): boolean {
    return pool === 'other' && this.#ground.isOtherDead;
  }

  /** Some of the messages that are ready, in any order; some twice, some lost. */
  #openMail(): string[] {
    const dice = this.#dice;
    this.collectMail();
    const all = dice.shuffled(this.#mail.splice(0));
    const isRead = (id: string) => !this.#isDead(poolOf(this.case, parseAttemptId(id).index));
    const ids = all.filter(isRead);
    const opened = ids.splice(0, dice.below(ids.length + 1) || 1);
    const unread = all.filter((id) => !isRead(id));
    this.#mail.push(...ids, ...unread);
    if (opened.length > 0 && unread.length > 0) this.#count('claims beside a dead pool', opened.length);
    return opened.flatMap((id) => {
      if (dice.chance(0.05)) return []; // It is lost: its mark is redelivered.
      return dice.chance(0.1) ? [id, id] : [id];
    });
  }

  #choose(held: Held): (() => Promise<void>) | undefined {
    const share = this.#dice.share();
    const moved = this.case.rough ? 0.4 : 0.1;
    if (share < moved) return () => this.#adopt(held);
    if (share < moved + 0.03) return () => this.#contest(held);
    if (share < moved + 0.06) return () => this.#letGo(held);
    if (held.ended) return share > 0.5 ? () => this.#close(held) : undefined;
    if (share < moved + 0.2) return () => this.#report(held);
    if (share < moved + 0.24) return () => this.#giveBack(held);
    return share > 0.6 ? () => this.#end(held) : undefined;
  }

  async #claim(id: string): Promise<void> {
    const pool = poolOf(this.case, parseAttemptId(id).index);
    const worker = this.#any(this.#ground.workers.filter((each) => each.pool === pool));
    const { store, owner, executor } = worker;
    const reply = await store.transitions.claim(parseAttemptId(id), { owner, executor, ttlMs });
    this.#count(typeof reply === 'object' ? 'claimed' : `claim ${reply}`);
    if (typeof reply === 'object') this.#hold(reply.lease, worker);
    else if (reply === 'parked') this.#parked.push(attemptOf(parseAttemptId(id)));
  }

  #hold(lease: Lease, worker: Worker): void {
    expect(this.#ground.paused, `${formatAttemptId(lease)} was claimed while nothing may be`).to.be.false;
    this.deeds.count(this.deeds.claims, attemptOf(lease));
    this.held.push({ lease, worker, executing: false, ended: false });
  }

  #drop(held: Held): void {
    this.held.splice(this.held.indexOf(held), 1);
    this.#old.push({ lease: held.lease, worker: held.worker });
  }

  async #report(held: Held): Promise<void> {
    const { timeoutMs, pendingTimeoutMs } = this.case.jobs[held.lease.index]!;
    const reason =
      held.executing || this.#dice.chance(0.5) ? 'Executing' : this.#any(['Starting', 'PullingImage'] as const);
    const deadlines = { ...(timeoutMs !== undefined && { timeoutMs }), ...(pendingTimeoutMs !== undefined && { pendingTimeoutMs }) }; // prettier-ignore
    if (reason === 'Executing') held.executing = true;
    const ages = reason === 'Executing' ? { startedMs: 0 } : {};
    const isHeld = await held.worker.store.transitions.report(held.lease, reason, '', ages, deadlines);
    expect(isHeld, `a report of ${formatAttemptId(held.lease)}`).to.be.true;
    if (reason !== 'Executing') this.deeds.starting.add(attemptOf(held.lease));
  }

  /** Does what a worker does: a failed attempt is tried again if possible, otherwise it ends. */
  async #end(held: Held): Promise<void> {
    const { lease, worker } = held;
    const { transitions } = worker.store;
    const what = `the end of ${formatAttemptId(lease)}`;
    const id = attemptOf(lease);
    const outcome = held.crashes ? crashed : this.#outcomeOf(lease.index);
    this.deeds.outcomes.set(id, outcome);
    const { retries } = this.case.jobs[lease.index]!;
    if (!held.crashes && this.#dice.chance(outcome.reason === 'Completed' ? 0.2 : 0.95)) {
      this.deeds.retried.add(id);
      const policy = retries && retryPolicy({ limit: retries.limit, backoff: retries });
      const reply = await transitions.retry(lease, outcome, {}, { removalGraceMs: graceMs, ...(policy && { retries: policy }) }); // prettier-ignore
      this.#count(`retry ${reply}`);
      expect(reply, what).to.not.equal('stale');
      if (reply === 'ok') return this.#drop(held);
    }
    const whole = this.#dice.chance(0.4);
    const fuse = this.case.fuse > 0 && { fuse: { ttlMs, atMost: this.case.fuse } };
    const finish = () => transitions.finish(lease, outcome, {}, { ...fuse, ...(whole && { closeGraceMs: graceMs }) });
    const replies = await Promise.all(this.#dice.chance(0.1) ? [finish(), finish()] : [finish()]);
    const done = replies.filter(({ kind }) => kind === 'ok');
    expect(done, what).to.have.length(1);
    for (const reply of done) {
      for (const fused of reply.kind === 'ok' ? reply.fused : []) {
        this.deeds.fused.add(attemptOf(fused.lease));
        this.#hold(fused.lease, worker);
      }
    }
    if (whole) this.#drop(held);
    else held.ended = true;
  }

  #outcomeOf(index: number): Outcome {
    const { failing } = this.case.jobs[index]!;
    const share = this.#dice.share();
    const failed = share < 0.5 ? userReasons : share < 0.9 ? infrastructureReasons : unfit;
    const reason = this.#dice.chance(failing) ? this.#any(failed as readonly OutcomeReason[]) : 'Completed';
    const exitCode = exitCodes[reason];
    return { reason, ...(exitCode !== undefined && { exitCode }) };
  }

  async #giveBack(held: Held): Promise<void> {
    const { store } = held.worker;
    if (this.#dice.chance(0.5)) {
      expect(await store.transitions.interrupt(held.lease), 'interrupted').to.equal('ok');
      this.deeds.interrupted.add(attemptOf(held.lease));
      this.#count('interrupted');
      if (this.case.cancel && this.#dice.chance(0.2)) await this.#cancel();
      if (this.#dice.chance(0.5)) return; // It is killed before it sees the end.
    }
    const reply = await store.transitions.requeue(held.lease, 'Interrupted', '', { removalGraceMs: graceMs });
    this.#count(`requeue ${reply}`);
    expect(reply, `giving back ${formatAttemptId(held.lease)}`).to.not.equal('stale');
    if (reply !== 'ok') return;
    this.deeds.givenBack.add(attemptOf(held.lease));
    this.#drop(held);
  }

  async #close(held: Held): Promise<void> {
    const { transitions } = held.worker.store;
    const entry = { length: 0, bytes: noBytes, position: '', end: true };
    const { kind } = await transitions.appendLog(held.lease, entry);
    expect(kind, 'stale where its log has ended').to.be.oneOf(['ok', 'stale']);
    const closed = await transitions.close(held.lease, graceMs);
    expect(closed, `closing ${formatAttemptId(held.lease)}`).to.equal('ok');
    this.#drop(held);
  }

  /** Another worker adopts the lease if it has expired, or if its owner is known to be gone. */
  async #adopt(held: Held, ownerGone = this.#dice.chance(0.5)): Promise<void> {
    const reply = await this.adoptLeases(held, ownerGone);
    expect(reply, `adopting ${formatAttemptId(held.lease)}`).to.not.equal('stale');
    // A suspect is left alone for a while, even if its owner is gone (see Crash loops).
    if (ownerGone && reply === 'held') this.#count('suspects left alone');
  }

  async adoptLeases(held: Held, ownerGone: boolean): Promise<'ok' | 'held' | 'stale'> {
    const before = held.lease;
    const heirs = this.#ground.workers.filter(({ executor, owner }) => executor === held.worker.executor && owner !== before.owner); // prettier-ignore
    const worker = this.#any(heirs);
    const { store, owner, executor } = worker;
    const reply = await store.transitions.adopt(before, { owner, executor, ttlMs, ownerGone });
    this.#count(typeof reply === 'object' ? 'adopted' : `adopt ${reply}`);
    if (typeof reply === 'string') return reply;
    this.deeds.count(this.deeds.adoptions, attemptOf(before));
    this.#old.push({ lease: before, worker: held.worker });
    const crashes = reply.stop === 'WorkerCrashed' && !reply.ended;
    if (crashes) this.#count('crash loops');
    Object.assign(held, { lease: reply.lease, worker, ended: reply.ended, crashes });
    return 'ok';
  }

  /** The owner reports the end while another worker adopts the attempt: one of them wins. */
  async #contest(held: Held): Promise<void> {
    const { lease, worker, ended } = held;
    const id = attemptOf(lease);
    const outcome = this.#outcomeOf(lease.index);
    const before = this.deeds.outcomes.get(id);
    if (!ended) this.deeds.outcomes.set(id, outcome);
    let kind = '';
    const finish = async () => {
      ({ kind } = await worker.store.transitions.finish(lease, outcome, {}));
    };
    let taken = '';
    const adopt = async () => {
      taken = await this.adoptLeases(held, true);
    };
    await Promise.all(this.#dice.shuffled([finish, adopt]).map((act) => act()));
    expect(taken, `adopting ${formatAttemptId(lease)}`).to.not.equal('stale');
    this.#count(`contest ${kind}`);
    if (taken === 'held') held.ended ||= kind === 'ok';
    if (kind === 'stale') {
      if (before) this.deeds.outcomes.set(id, before);
      else if (!ended) this.deeds.outcomes.delete(id);
    } else expect([ended, held.ended], 'ended before, and as adopted').to.eql([false, true]);
  }

  /** Does what a worker does when it shuts down. */
  async #letGo(held: Held): Promise<void> {
    const { store, executor } = held.worker;
    expect(await store.transitions.release(executor, [held.lease]), 'let go').to.equal(1);
    await this.#adopt(held, false);
  }

  async #cancel(): Promise<void> {
    const reply = await this.#store().transitions.cancel(this.run);
    this.#count(`cancel ${reply}`);
    expect(reply).to.not.equal('gone');
    expect(this.#canceled && reply === 'ok', 'canceled twice').to.be.false;
    if (reply === 'ok') this.#canceled = true;
  }

  async #expire(): Promise<void> {
    await this.#store().transitions.expire();
  }

  /** A user retries a job that has failed, as far as the events say. */
  async #reopenAny(): Promise<void> {
    const failed = this.failedJobs().filter((index) => !this.isTired(index));
    if (failed.length > 0) await this.reopen(this.#any(failed));
  }

  failedJobs(): number[] {
    return this.replay.jobs.flatMap(({ status }, index) => (status === 'FAILED' ? [index] : []));
  }

  /** It was retried by hand so often that nobody tries again. */
  isTired(index: number): boolean {
    return this.replay.jobs[index]!.attempt > 6;
  }

  async reopen(index: number): Promise<ReopenReply> {
    const dependencies = this.#dependencies;
    const dependents = transitiveDependents(dependencies, [index]).map((at) => ({ index: at, dependencies: dependencies[at]! })); // prettier-ignore
    const reply = await this.#store().transitions.reopen(this.run, index, dependents);
    if (reply.kind === 'ok') this.deeds.reopened.add(`${index}.${reply.attempt}`);
    this.#count(`reopen ${reply.kind}`);
    return reply;
  }

  /** Checks Sets of holders while other operations are under way. */
  async #countSlots(): Promise<void> {
    const { client } = this.#ground;
    const multi = client.multi().zrange(keys.slots(this.run), 0, '-1').hgetallBuffer(keys.run(this.run));
    const [slots, hash] = ((await multi.exec()) ?? []).map(([, reply]) => reply);
    const fields = Object.entries(hash as Record<string, Buffer>).filter(([name]) => /^\d+$/.test(name));
    const running = fields.filter(([, row]) => unpackRow(row).status === 'RUNNING').map(([name]) => name);
    expect((slots as string[]).sort().join(' '), `slots of ${this.run}`).to.equal(running.sort().join(' '));
    expect(running.length).to.be.at.most(this.case.maxParallel!);
    this.#count('slots looked at');
  }

  async #disturb(): Promise<void> {
    if (this.#dice.chance(0.5)) return this.reportLate();
    const own = this.held[this.#dice.below(this.held.length)];
    if (!own) return;
    const { lease, worker } = own;
    const stranger = this.#any([
      { ...lease, owner: 'stranger' },
      { ...lease, epoch: lease.epoch - 1 },
      { ...lease, attempt: lease.attempt + 1 },
    ]);
    await this.#mustBeStale(stranger, worker);
  }

  /** Sends a report of a former owner. @returns false if there is none */
  async reportLate(): Promise<void> {
    const old = this.#old[this.#dice.below(this.#old.length)];
    if (!old) return;
    const { lease, worker } = old;
    const by = { owner: worker.owner, executor: worker.executor, ttlMs };
    if (this.#dice.chance(0.3)) {
      expect(await worker.store.transitions.claim(lease, by), 'claimed twice').to.be.a('string');
      expect(await worker.store.transitions.claim({ ...lease, attempt: 60_000 }, by)).to.be.a('string');
    } else await this.#mustBeStale(lease, worker);
  }

  async #mustBeStale(lease: Lease, { store, owner, executor }: Worker): Promise<void> {
    const { transitions } = store;
    const failed = { reason: 'ExitCode', exitCode: 9 } as const;
    const entry = { length: 0, bytes: Buffer.from('late'), position: '9', end: true };
    const replies: Record<string, unknown> = {};
    const says = async (name: string, reply: Promise<unknown>) => { replies[name] = await reply; }; // prettier-ignore
    switch (this.#dice.below(6)) {
      case 0:
        await says('finish', transitions.finish(lease, failed, {}, { fuse: { ttlMs, atMost: 3 } }).then(({ kind }) => kind)); // prettier-ignore
        break;
      case 1:
        await says('retry', transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs: graceMs }));
        break;
      case 2:
        await says('requeue', transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: graceMs }));
        break;
      case 3:
        await says(
          'append',
          transitions.appendLog(lease, entry).then(({ kind }) => kind),
        );
        break;
      case 4:
        await says('report', transitions.report(lease, 'Executing', 'late', { startedMs: 0 }).then((held) => (held ? 'ok' : 'stale'))); // prettier-ignore
        break;
      default: {
        const reply = await transitions.adopt(lease, { owner: `${owner}'`, executor, ttlMs, ownerGone: true });
        replies['adopt'] = typeof reply === 'object' ? 'ok' : reply;
      }
    }
    expect(Object.values(replies), `${JSON.stringify(replies)} of ${JSON.stringify(lease)}`).to.eql(['stale']);
    this.#count('late reports');
  }

  #store(): Store {
    return this.#any(this.#ground.workers).store;
  }

  #any<T>(list: readonly T[]): T {
    return list[this.#dice.below(list.length)]!;
  }

  #count(name: string, times = 1): void {
    const { tally } = this.#ground;
    tally.set(name, (tally.get(name) ?? 0) + times);
  }
}

const crashed = { reason: 'WorkerCrashed', exitCode: 137 } as const;

const attemptOf = ({ index, attempt }: AttemptId): string => `${index}.${attempt}`;
