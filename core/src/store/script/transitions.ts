import type { Outcome } from '../../engine/outcome.js';
import type { RunUid } from '../../engine/records.js';
import { reasons, type Reason } from '../../engine/reasons.js';
import type { RetryPolicy } from '../../engine/retries.js';
import { packRuntime } from '../../engine/runtime.js';
import type { Batcher } from './batcher.js';
import { priorityBase } from '../../pipeline/priorities.js';
import { formatLease, parseAttemptId, type AttemptId, type Lease } from '../redis/keys.js';
import { packPieces } from '../logs/log-format.js';
import { ClaimReader, type ClaimedAttempt } from './read-claim.js';
import type {
  AdoptedAttempt,
  AgainOptions,
  AgainReply,
  AppendReply,
  ClaimRefusal,
  CreateReply,
  Deadlines,
  Dependent,
  FinishOptions,
  FinishReply,
  LogEntry,
  NewRunArguments,
  PhaseAges,
  Renewal,
  ReopenRefusal,
  ReopenReply,
} from './transition-types.js';
import type { Reply } from './unpack-reply.js';

/**
 * The verbs of the state machine, each one operation of the library (`lua/`), each safe to repeat.
 *
 * What every attempt needs gives its arguments as one literal. With several spreads V8 makes new shapes in each call: that
 * of `finish` took 12 µs.
 */
export class Transitions {
  readonly #batcher: Batcher;
  readonly #claims = new ClaimReader();

  constructor(batcher: Batcher) {
    this.#batcher = batcher;
  }

  async create(run: NewRunArguments): Promise<CreateReply> {
    const { inline } = run;
    const args = {
      uid: run.uid,
      pool: run.pool,
      pools: run.pools,
      info: run.info,
      jobs: run.jobCount,
      idempotency: run.idempotency,
      body_hash: run.bodyHash,
      external_id: run.externalId,
      roots: run.roots,
      backlog: run.backlog,
      flags: run.flags,
      priority: run.priority + priorityBase,
      max_parallel: run.maxParallel,
      timeout: run.timeoutMs,
      successful: run.successful,
      skipped: run.skipped,
      field_count: run.fieldCount,
      indexes: run.indexes,
      shared: run.shared,
      source: inline?.source,
    };
    const weight = 1 + (inline ? run.jobCount / 8 : run.roots.length / 16);
    const [kind, uid] = await this.#batcher.run('create', args, { rest: inline?.fields, weight });
    const name = kind as CreateReply['kind'];
    return name === 'incomplete' || name === 'taken' ? { kind: name } : { kind: name, uid: uid as RunUid };
  }

  /** PENDING → RUNNING, under a lease of `ttlMs`. An id that did not come through the queue of a pool needs the `pool`. */
  async claim(
    id: AttemptId,
    by: { owner: string; executor: number; ttlMs: number; pool?: string },
  ): Promise<ClaimedAttempt | ClaimRefusal> {
    const reply = await this.#batcher.run('claim', {
      uid: id.run,
      index: id.index,
      attempt: id.attempt,
      owner: by.owner,
      executor: by.executor,
      ttl: by.ttlMs,
      pool: by.pool,
    });
    return reply[0] === 'ok' ? this.#claims.read(reply, id.run, by.owner) : (reply[0] as ClaimRefusal);
  }

  /** A change of a running attempt's reason. False: the lease is not the caller's any more. */
  async report(
    lease: Lease,
    reason: Reason,
    message: string,
    ages: PhaseAges,
    { timeoutMs, pendingTimeoutMs }: Deadlines = {},
  ): Promise<boolean> {
    const [kind] = await this.#batcher.run('report', {
      uid: lease.run,
      index: lease.index,
      attempt: lease.attempt,
      epoch: lease.epoch,
      owner: lease.owner,
      reason: reasons.indexOf(reason),
      text: clip(message),
      scheduled: age(ages.scheduledMs),
      pulled: age(ages.pulledMs),
      started: age(ages.startedMs),
      timeout: timeoutMs,
      pending_timeout: pendingTimeoutMs,
    });
    return kind === 'ok';
  }

  /**
   * What keeps the worker of a running attempt from going on, in place of its message, or after why it is being
   * stopped; '' when nothing does any more. False: the lease is not the caller's any more.
   */
  async reportOutage(lease: Lease, message: string): Promise<boolean> {
    const [kind] = await this.#batcher.run('report', {
      ...leaseArguments(lease),
      reason: undefined,
      text: clip(message),
      ...ageArguments({}),
      timeout: undefined,
      pending_timeout: undefined,
    });
    return kind === 'ok';
  }

  /** RUNNING → final; the outputs are stored with the end. */
  async finish(lease: Lease, outcome: Outcome, ages: PhaseAges, also: FinishOptions = {}): Promise<FinishReply> {
    const { fuse, closeGraceMs, logLength = 0 } = also;
    const reply = await this.#batcher.run('finish', {
      uid: lease.run,
      index: lease.index,
      attempt: lease.attempt,
      epoch: lease.epoch,
      owner: lease.owner,
      reason: reasons.indexOf(outcome.reason),
      exit: outcome.exitCode,
      text: clip(outcome.message ?? ''),
      steps: outcome.steps && JSON.stringify(outcome.steps),
      runtime: outcome.runtime && packRuntime(outcome.runtime),
      scheduled: age(ages.scheduledMs),
      pulled: age(ages.pulledMs),
      started: age(ages.startedMs),
      fuse_ttl: fuse?.ttlMs,
      close_grace: closeGraceMs,
      fuse_at_most: fuse?.atMost ?? 0,
      outputs: outcome.outputs && JSON.stringify(outcome.outputs),
      log_length: lengthArgument(logLength),
    });
    if (reply[0] !== 'ok') return { kind: 'stale' };
    const left = Number(reply[1]);
    if ((left & 1) !== 0) await this.resume(lease.run);
    const claims = reply.slice(2) as Reply[][];
    const fused = claims.map((claim) => this.#claims.read(claim, lease.run, lease.owner));
    return { kind: 'ok', fused, ...((left & 2) !== 0 && { open: true }) };
  }

  /**
   * RUNNING → PENDING after infrastructure took the attempt or, where the user has asked for retries, it failed. The
   * next attempt starts after a backoff. The log ends with it.
   */
  async retry(
    lease: Lease,
    outcome: Outcome,
    ages: PhaseAges,
    { removalGraceMs, logLength = 0, retries }: AgainOptions & { retries?: RetryPolicy },
  ): Promise<AgainReply> {
    const [kind] = await this.#batcher.run('retry', {
      ...leaseArguments(lease),
      ...outcomeArguments(outcome),
      ...ageArguments(ages),
      removal_grace: removalGraceMs,
      log_length: lengthArgument(logLength),
      limit: retries?.limit,
      initial: retries?.initialMs,
      factor: retries?.factor,
      longest: retries?.maxMs,
    });
    return kind as AgainReply;
  }

  /** RUNNING → PENDING with the next attempt, ready at once. The log ends with it. */
  async requeue(
    lease: Lease,
    reason: Reason,
    message: string,
    { removalGraceMs, logLength = 0 }: AgainOptions,
  ): Promise<AgainReply> {
    const [kind] = await this.#batcher.run('requeue', {
      ...leaseArguments(lease),
      reason: reasons.indexOf(reason),
      text: clip(message),
      removal_grace: removalGraceMs,
      log_length: lengthArgument(logLength),
    });
    return kind as AgainReply;
  }

  /** The attempt is over, and its lease with it. `open`: it has not ended, or its log has no end mark. */
  async close(lease: Lease, removalGraceMs: number): Promise<'ok' | 'stale' | 'open'> {
    const [kind] = await this.#batcher.run('close', {
      uid: lease.run,
      index: lease.index,
      attempt: lease.attempt,
      epoch: lease.epoch,
      owner: lease.owner,
      removal_grace: removalGraceMs,
    });
    return kind as 'ok' | 'stale' | 'open';
  }

  /** Stores what was written at the end of a log that is `length` bytes long, and the executor's position after it. */
  async appendLog(lease: Lease, entry: LogEntry): Promise<AppendReply> {
    const { length: expected, position: after, end } = entry;
    const pieces = 'pieces' in entry ? entry.pieces : [{ time: Date.now(), step: 0, stream: 'stdout', bytes: entry.bytes } as const]; // prettier-ignore
    const { bytes, frames } = packPieces(expected, pieces);
    const args = {
      uid: lease.run,
      index: lease.index,
      attempt: lease.attempt,
      epoch: lease.epoch,
      owner: lease.owner,
      length: expected,
      bytes,
      frames,
      position: after,
      ends: end ? 1 : 0,
    };
    const [kind, length, position] = await this.#batcher.run('append-log', args, { weight: 1 + bytes.length / 16_384 });
    const name = kind as AppendReply['kind'];
    if (name === 'stale') return { kind: name };
    return name === 'ok'
      ? { kind: name, length: Number(length) }
      : { kind: name, length: Number(length), position: String(position) };
  }

  /** Keeps leases (as `formatLease` writes them), and shows that a worker of the executor is there. */
  async renew(executor: number, leases: readonly string[], ttlMs: number): Promise<Renewal> {
    const renewal: Renewal = { lost: [], stops: [] };
    for (let from = 0; from === 0 || from < leases.length; from += leasesPerCall) {
      const part = leases.slice(from, from + leasesPerCall);
      const options = { rest: part, weight: 1 + part.length / 50 };
      const reply = await this.#batcher.run('renew', { executor, ttl: ttlMs }, options);
      const [lost, stops] = reply as [number[], number[]];
      for (const place of lost) renewal.lost.push(part[place] ?? '');
      for (let at = 0; at < stops.length; at += 2) {
        renewal.stops.push({ lease: part[stops[at] ?? 0] ?? '', reason: reasonOf(stops[at + 1]) });
      }
    }
    return renewal;
  }

  /** Lets go of leases whose attempts go on: they can be adopted at once. @returns how many were still held. */
  async release(executor: number, leases: readonly Lease[]): Promise<number> {
    let released = 0;
    for (let from = 0; from < leases.length; from += leasesPerCall) {
      const part = leases.slice(from, from + leasesPerCall).map(formatLease);
      const options = { rest: part, weight: 1 + part.length / 50 };
      const [count] = await this.#batcher.run('release', { executor }, options);
      released += Number(count);
    }
    return released;
  }

  /** Carries out all deadlines that are due (see Deadlines and retries). @returns how many were, and how late the oldest. */
  async expire(): Promise<{ due: number; lagMs: number }> {
    let total = 0;
    let oldestMs = 0;
    for (;;) {
      const [due, lagMs, ...left] = await this.#batcher.run(
        'expire',
        { limit: deadlinesPerCall },
        { weight: deadlinesPerCall },
      );
      total += Number(due);
      oldestMs = Math.max(oldestMs, Number(lagMs));
      for (const run of left) await this.resume(String(run));
      if (due !== deadlinesPerCall) return { due: total, lagMs: oldestMs };
    }
  }

  /**
   * Records that so many containers of a running attempt, services first and then steps, may have been started; before
   * the start is sent (see Started once).
   * The number never decreases, but 0 takes it back: the executor has refused the start for certain.
   * `stale`: the lease is not the caller's any more, and nothing may be started.
   */
  async start(lease: Lease, starts: number): Promise<'ok' | 'stale'> {
    const [kind] = await this.#batcher.run('start', { ...leaseArguments(lease), starts });
    return kind as 'ok' | 'stale';
  }

  /** Records that the worker of an attempt is about to stop it, so that it starts again: before the first signal. */
  async interrupt(lease: Lease): Promise<'ok' | 'stale'> {
    const [kind] = await this.#batcher.run('interrupt', leaseArguments(lease));
    return kind as 'ok' | 'stale';
  }

  /**
   * Takes a lease over. `ownerGone`: it need not have expired, since its owner is known to be gone. `held`: it has not
   * expired, or its attempt is suspected to kill its workers and is left alone for a while (see Crash loops).
   */
  async adopt(
    lease: Lease,
    by: { owner: string; executor: number; ttlMs: number; ownerGone: boolean },
  ): Promise<AdoptedAttempt | 'held' | 'stale'> {
    const reply = await this.#batcher.run('adopt', {
      ...leaseArguments(lease),
      new_owner: by.owner,
      new_executor: by.executor,
      ttl: by.ttlMs,
      owner_gone: by.ownerGone ? 1 : 0,
    });
    if (reply[0] !== 'ok') return reply[0] as 'held' | 'stale';
    return {
      ...this.#claims.read(reply, lease.run, by.owner),
      ended: reply[10] === 1,
      logEnded: reply[11] === 1,
      logLength: Number(reply[12]),
      position: String(reply[13]),
      ...(reply[14] === '' ? {} : { stop: reasonOf(reply[14]) }),
      begun: reply[15] === 1,
      stopToldMs: Number(reply[16]),
      starts: Number(reply[17]),
    };
  }

  /** Hands ready marks of a pool out again, each in a new message; a mark of nothing that waits is removed. */
  async redeliver(pool: string, ids: readonly string[]): Promise<number> {
    const replies = await Promise.all(
      ids
        .map(parseAttemptId)
        .map(({ run: uid, index, attempt }) => this.#batcher.run('redeliver', { uid, index, attempt, pool })),
    );
    return replies.filter(([reply]) => reply === 'ok').length;
  }

  /** Asks for the end of a run (see Cancels and stops). `unchanged`: it is final, or was asked for before. */
  async cancel(run: RunUid): Promise<'ok' | 'unchanged' | 'gone'> {
    const [kind, more] = await this.#batcher.run('cancel', { uid: run }, { weight: 8 });
    if (more === 1) await this.resume(run);
    return kind as 'ok' | 'unchanged' | 'gone';
  }

  /** FAILED → PENDING by hand (see Retry by hand). @param dependents all transitive ones, dependencies before dependents. */
  async reopen(run: RunUid, index: number, dependents: readonly Dependent[]): Promise<ReopenReply> {
    const edges = dependents.flatMap(({ index: dependent, dependencies }) => [
      dependent,
      dependencies.length,
      ...dependencies.flatMap((edge) => [edge.index, edge.mask]),
    ]);
    const [kind, detail] = await this.#batcher.run(
      'reopen',
      { uid: run, index },
      { rest: edges, weight: 1 + edges.length / 32 },
    );
    if (kind === 'ok') return { kind, attempt: Number(detail) };
    return kind === 'claimed' ? { kind, index: Number(detail) } : { kind: kind as ReopenRefusal };
  }

  /** Resolves the edges that earlier calls left behind, in as many calls as it takes. */
  async resume(run: RunUid): Promise<void> {
    for (;;) {
      const [more] = await this.#batcher.run('resume', { uid: run }, { weight: 32 });
      if (more !== 1) return;
    }
  }
}

/** What one call of the library renews at most (see Bounded calls). */
const leasesPerCall = 500;
/** What one call carries out at most, since each may end an attempt. */
const deadlinesPerCall = 32;

const leaseArguments = ({ run, index, attempt, epoch, owner }: Lease) => ({ uid: run, index, attempt, epoch, owner });

const lengthArgument = (length: number) => (length > 0 ? length : undefined);

const outcomeArguments = ({ reason, exitCode, message = '', steps, runtime }: Outcome) => ({
  reason: reasons.indexOf(reason),
  exit: exitCode,
  text: clip(message),
  steps: steps && JSON.stringify(steps),
  runtime: runtime && packRuntime(runtime),
});

function reasonOf(code: Reply | undefined): Reason {
  const reason = reasons[Number(code)];
  if (reason === undefined) throw new RangeError(`reason ${String(code)} is unknown: written by a newer version?`);
  return reason;
}

const age = (ms: number | undefined) => (ms === undefined ? undefined : Math.max(0, Math.round(ms)));

const ageArguments = ({ scheduledMs, pulledMs, startedMs }: PhaseAges) => ({
  scheduled: age(scheduledMs),
  pulled: age(pulledMs),
  started: age(startedMs),
});

/** A message is one sentence; a row has room for 64 KiB, which nobody reads. */
const clip = (message: string) => (message.length > 2000 ? `${message.slice(0, 1999)}…` : message);
