import type { ChainrEvent, RunUid } from '../../../src/engine/records.js';
import type { Outcome } from '../../../src/engine/outcome.js';
import type { RunStatus } from '../../../src/engine/states.js';
import { nameOf, poolOf, type RandomCase } from './random-case.js';
import {
  afterReopening,
  backoffAfter,
  dependentsOf,
  edgesOf,
  endingsOf,
  infrastructureReasons,
  isEnding,
  verdictOf,
  type Status,
} from './reference-model.js';

/** The operations on a run that were accepted, by `index.attempt`. */
export class Deeds {
  readonly claims = new Map<string, number>();
  /** The last outcome that the worker of the attempt reported. */
  readonly outcomes = new Map<string, Outcome>();
  /** Attempts for which a retry was requested before their end was reported. */
  readonly retried = new Set<string>();
  readonly givenBack = new Set<string>();
  /** Attempts that their worker was about to stop, since it shut down. */
  readonly interrupted = new Set<string>();
  /** Attempts whose pendingTimeout has begun. */
  readonly starting = new Set<string>();
  readonly adoptions = new Map<string, number>();
  /** Attempts made by retries by hand. */
  readonly reopened = new Set<string>();
  /** How often an attempt was handed out, minus how often a claim put it back. */
  readonly handedOut = new Map<string, number>();
  /** Attempts that were claimed with the end of a dependency. */
  readonly fused = new Set<string>();

  count(counts: Map<string, number>, id: string): void {
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
}

/** When the end of the run was requested, according to its state, and the reason that its open jobs then get. */
export interface EndRequest {
  at: number;
  reason: 'CanceledByUser' | 'RunTimedOut';
}

export interface JobView {
  status: Status;
  reason: string;
  /** The attempt that runs or ran last, or that comes next. */
  attempt: number;
  /** The last attempt that was claimed, which is the one in events; 0 if none was. */
  begun: number;
  everClaimed: boolean;
  claimedAt: number;
  /** 0: the user's code does not run yet. */
  executingAt: number;
  /** The reason that its end must have, if it is being stopped. */
  stop?: string;
  losses: number;
  failures: number;
  /** 0: there is none. */
  backoffEndsAt: number;
  /** Its workers died soon after they took it, so it is being stopped. */
  crashes?: boolean;
  /** There was an event about it. */
  wasTold: boolean;
}

export interface Start {
  status: Status;
  reason: string;
}

/** The initial states of a run that is not a rerun. */
export const firstStart = ({ jobs }: RandomCase): Start[] =>
  jobs.map(({ needs }) => ({ status: 'PENDING', reason: needs.length > 0 ? 'WaitingForDependencies' : 'Queued' }));

type JobEvent = Extract<ChainrEvent, { job: string }>;

const stops: readonly (readonly [RegExp, string])[] = [
  [/^Its timeout has passed/, 'TimedOut'],
  [/^It did not start within its pendingTimeout/, 'PendingTimedOut'],
  [/^A cancel was requested/, 'CanceledByUser'],
  [/^The timeout of its run has passed/, 'RunTimedOut'],
  [/^Its workers died soon after they took it/, 'WorkerCrashed'],
];
/** The adoption after this many may request the stop of the attempt (see Crash loops). */
const adoptionsMax = 5;

/**
 * Reads a run's events from the first on, as a client would, and compares each with the reference model and with what was
 * done to the run (see Final stays final, Old leases, Edges, Gapless events and Sets of holders): nothing happens twice,
 * too early, or without a reason.
 */
export class Replay {
  readonly jobs: JobView[];
  status: RunStatus | 'NONE' = 'NONE';
  createdAt = 0;
  endedAt = 0;
  readonly #run: RunUid;
  readonly #case: RandomCase;
  readonly deeds: Deeds;
  readonly #indexes: Map<string, number>;
  /** A job was canceled, or is being stopped, because the run is ending. */
  #ending = false;
  /** Jobs that wait again. The event of the retry by hand that caused this follows. */
  #revived: number[] = [];
  #last: ChainrEvent | undefined;
  #request: EndRequest | undefined;
  /** The jobs that were ready before the last attempt ended. */
  #readyBefore: number[] = [];

  /** @param start the initial states of its jobs */
  constructor(run: RunUid, each: RandomCase, { deeds, start }: { deeds: Deeds; start: readonly Start[] }) {
    this.#run = run;
    this.#case = each;
    this.deeds = deeds;
    this.#indexes = new Map(each.jobs.map((_, index) => [nameOf(index), index]));
    this.jobs = start.map(({ status, reason }) => ({
      status,
      reason,
      attempt: 1,
      begun: 0,
      everClaimed: false,
      claimedAt: 0,
      executingAt: 0,
      losses: 0,
      failures: 0,
      backoffEndsAt: 0,
      wasTold: false,
    }));
  }

  get isFinal(): boolean {
    return isEnding(this.status as Status);
  }

  /** The reason for the stop that the worker of a job is told. Undefined if the job goes on or does not run. */
  stopOf(index: number): string | undefined {
    const { status, stop, crashes, attempt } = this.jobs[index]!;
    if (status !== 'RUNNING') return undefined;
    if (stop !== undefined || crashes) return stop ?? 'WorkerCrashed';
    return this.deeds.interrupted.has(`${index}.${attempt}`) ? 'Interrupted' : undefined;
  }

  get statuses(): Status[] {
    return this.jobs.map(({ status }) => status);
  }

  /** @param request according to the state after the last of these events */
  take(events: readonly ChainrEvent[], request: EndRequest | undefined): void {
    this.#request = request;
    for (const event of events) {
      this.#must(!this.isFinal, event, 'the run had ended before');
      if (this.#last?.kind === 'run.status' && !this.isFinal) {
        this.#must(event.kind === 'job.status' && event.status === 'RUNNING', event, 'a run begins with a claim');
      }
      if (event.kind === 'run.created') this.#create(event);
      else if (event.kind === 'run.status') this.#changeRun(event);
      else if (event.kind === 'job.status') this.#changeJob(event, this.#viewOf(event));
      else this.#changeReason(event, this.#viewOf(event));
      this.#last = event;
    }
    if (this.#revived.length > 0) throw new Error(`${this.#run}: jobs wait again, and nobody has asked for it`);
  }

  #create(event: Extract<ChainrEvent, { kind: 'run.created' }>): void {
    this.#must(this.status === 'NONE' && event.jobCount === this.jobs.length, event, 'it is there once, with all jobs');
    this.status = 'PENDING';
    this.createdAt = event.time;
  }

  #changeRun(event: Extract<ChainrEvent, { kind: 'run.status' }>): void {
    if (event.status === 'RUNNING') {
      this.#must(this.status === 'PENDING', event, `it was ${this.status}`);
      this.status = event.status;
      return;
    }
    this.#must(this.statuses.every(isEnding), event, 'jobs of it are open');
    const verdict = verdictOf(this.#case.jobs, this.statuses, this.#request !== undefined);
    this.#must(event.status === verdict, event, `it should end ${verdict}`);
    if (!this.#request) {
      const endings = endingsOf(this.#case.jobs, (job) => this.jobs[job]!.status === 'FAILED');
      this.#must(endings.join() === this.statuses.join(), event, `its jobs should have ended ${endings.join()}`);
    }
    this.status = event.status;
    this.endedAt = event.time;
  }

  #changeJob(event: JobEvent, view: JobView): void {
    if (event.status !== 'RUNNING')
      this.#must(event.attempt === view.begun, event, `attempt ${view.begun} is the last`);
    if (view.status === 'RUNNING') this.#readyBefore = this.#ready();
    const change = `${view.status} → ${event.status}`;
    if (change === 'PENDING → RUNNING') this.#claim(event, view);
    else if (change === 'RUNNING → PENDING') this.#again(event, view);
    else if (change === 'PENDING → SKIPPED') this.#skip(event, view);
    else if (change === 'PENDING → CANCELED') this.#cancel(event, view);
    else if (change === 'SKIPPED → PENDING') this.#revive(event, view);
    else if (change === 'FAILED → PENDING') this.#reopen(event, view);
    else if (view.status === 'RUNNING' && isEnding(event.status) && event.status !== 'SKIPPED') this.#end(event, view);
    else this.#must(false, event, `nothing leads from ${change}`);
    view.status = event.status;
    view.reason = event.reason;
  }

  #claim(event: JobEvent, view: JobView): void {
    const { jobs, maxParallel = Infinity } = this.#case;
    const job = jobs[this.#indexes.get(event.job)!]!;
    const open = edgesOf(job, (on) => this.jobs[on]!.status).waiting;
    this.#must(open === 0, event, `${open} of its edges are not satisfied`);
    this.#must(event.attempt === view.attempt && event.reason === 'Starting', event, `attempt ${view.attempt} is next`);
    this.#mustGoOn(event);
    this.#must(event.time >= view.backoffEndsAt, event, 'its backoff is not over');
    const running = this.statuses.filter((status) => status === 'RUNNING').length;
    this.#must(running < maxParallel, event, `${running} jobs run already`);
    this.#mustGoFirst(event, this.#indexes.get(event.job)!);
    Object.assign(view, {
      begun: view.attempt,
      everClaimed: true,
      claimedAt: event.time,
      executingAt: 0,
      backoffEndsAt: 0,
    });
  }

  /** No job of the run and pool with a higher priority waits for what this job gets (see Priorities). */
  #mustGoFirst(event: JobEvent, index: number): void {
    const { jobs, priority = 0 } = this.#case;
    const priorityOf = (at: number) => jobs[at]!.priority ?? priority;
    const pool = poolOf(this.#case, index);
    const higher = this.#ready().filter((at) => poolOf(this.#case, at) === pool && priorityOf(at) > priorityOf(index));
    const idOf = (at: number) => `${at}.${this.jobs[at]!.attempt}`;
    // A job whose edges a later call resolves is not ready yet, so the reason in its last event counts.
    const waiting = higher.filter((at) => /Queued|WaitingForSlot|Interrupted/.test(this.jobs[at]!.reason) && (this.deeds.handedOut.get(idOf(at)) ?? 0) === 0); // prettier-ignore
    const beside = this.deeds.fused.has(idOf(index)) ? higher.filter((at) => !this.#readyBefore.includes(at)) : [];
    const first = [...waiting, ...beside];
    this.#must(first.length === 0, event, `of a higher priority and ready: ${first.join()}`);
  }

  #ready(): number[] {
    const isReady = ({ status, reason }: JobView, index: number): boolean => {
      if (status !== 'PENDING' || reason === 'RetryBackoff') return false;
      return edgesOf(this.#case.jobs[index]!, (on) => this.jobs[on]!.status).waiting === 0;
    };
    return this.jobs.flatMap((view, index) => (isReady(view, index) ? [index] : []));
  }

  #again(event: JobEvent, view: JobView): void {
    const id = `${this.#indexes.get(event.job)!}.${view.attempt}`;
    this.#mustGoOn(event);
    if (event.reason === 'RetryBackoff') {
      const reason = view.stop ?? this.deeds.outcomes.get(id)?.reason ?? '';
      const backoffMs = backoffAfter(this.#case.jobs[this.#indexes.get(event.job)!]!, reason, view);
      this.#must(backoffMs !== undefined, event, `no retry was left after ${reason}`);
      view.backoffEndsAt = event.time + (backoffMs ?? 0);
      if (infrastructureReasons.includes(reason)) view.losses += 1;
      else view.failures += 1;
    } else {
      this.#must(event.reason === 'Interrupted' && !view.stop, event, 'it was not given back');
      this.#must(this.deeds.givenBack.has(id), event, 'nobody has given it back');
    }
    view.attempt += 1;
    view.executingAt = 0;
    delete view.stop;
    delete view.crashes;
  }

  #skip(event: JobEvent, view: JobView): void {
    const { broken } = edgesOf(this.#case.jobs[this.#indexes.get(event.job)!]!, (on) => this.jobs[on]!.status);
    const because = broken.map(({ on }) => this.jobs[on]!.status === 'SKIPPED' ? 'DependencySkipped' : 'ConditionNotMet'); // prettier-ignore
    this.#must(
      because.includes(event.reason as 'ConditionNotMet'),
      event,
      `it could still run, or not for this reason`,
    );
    this.#must(!this.#ending && !view.backoffEndsAt, event, 'it is to be canceled');
  }

  #cancel(event: JobEvent, view: JobView): void {
    this.#mustEnd(event);
    this.#must(event.reason === this.#request?.reason, event, `it was ${this.#request?.reason ?? ''}`);
    view.backoffEndsAt = 0;
    this.#ending = true;
  }

  #revive(event: JobEvent, view: JobView): void {
    this.#must(!view.everClaimed && event.reason === 'WaitingForDependencies', event, 'it has run');
    this.#mustGoOn(event);
    this.#revived.push(this.#indexes.get(event.job)!);
  }

  /** The events of its dependents come before its own. */
  #reopen(event: JobEvent, view: JobView): void {
    const index = this.#indexes.get(event.job)!;
    const { jobs } = this.#case;
    this.#must(this.deeds.reopened.has(`${index}.${view.attempt + 1}`), event, 'nobody has asked for it');
    this.#mustGoOn(event);
    const claimed = dependentsOf(jobs, index).filter((at) => this.jobs[at]!.everClaimed);
    this.#must(claimed.length === 0, event, `of its dependents ${claimed.join()} have run`);
    const before = this.statuses.map((status, at) => (this.#revived.includes(at) ? 'SKIPPED' : status));
    const after = afterReopening(jobs, index, before).map((status, at) => (at === index ? view.status : status));
    this.#must(after.join() === this.statuses.join(), event, `its dependents should stand ${after.join()}`);
    this.#revived = [];
    Object.assign(view, {
      attempt: view.attempt + 1,
      losses: 0,
      failures: 0,
      executingAt: 0,
      stop: undefined,
      crashes: false,
    });
  }

  #end(event: JobEvent, view: JobView): void {
    const index = this.#indexes.get(event.job)!;
    const id = `${index}.${view.attempt}`;
    const outcome = this.deeds.outcomes.get(id);
    const mayCrash = (this.deeds.adoptions.get(id) ?? 0) > adoptionsMax;
    if (event.reason === 'CanceledByUser' || event.reason === 'RunTimedOut') {
      this.#mustEnd(event);
      this.#must(event.status === 'CANCELED' && event.reason === this.#request?.reason, event, 'not for this reason');
      this.#must(view.stop === undefined || view.stop === event.reason, event, `first came ${view.stop ?? ''}`);
      return;
    }
    this.#must(!view.stop || view.stop === event.reason, event, `first came ${view.stop ?? ''}`);
    if (event.reason === 'WorkerCrashed') {
      this.#must(event.status === 'FAILED' && view.crashes === true, event, 'nothing was said of that before');
      return;
    }
    if (!view.stop) this.#must(!this.#request || event.time <= this.#request.at, event, 'the run was to end');
    this.#must(outcome !== undefined || mayCrash, event, 'nobody has reported an end');
    const reason = view.stop ?? outcome?.reason ?? '';
    this.#must(event.reason === reason, event, `it was ${reason}`);
    this.#must(event.status === (reason === 'Completed' ? 'SUCCESSFUL' : 'FAILED'), event, `after ${reason}`);
    if (outcome) this.#must(event.exitCode === outcome.exitCode, event, `with ${outcome.exitCode ?? 'no code'}`);
    // If the retry was requested before the timeout was recorded, no attempt follows; nor if the run is ending.
    const job = this.#case.jobs[index]!;
    const left = [reason, outcome?.reason ?? reason].every((each) => backoffAfter(job, each, view) !== undefined);
    this.#must(
      !left || !this.deeds.retried.has(id) || mayCrash || !!this.#request,
      event,
      'another attempt should follow',
    );
  }

  #changeReason(event: JobEvent, view: JobView): void {
    this.#must(event.status === view.status && event.attempt === view.begun, event, `it was ${view.status}`);
    if (event.reason === 'Canceling') this.#stop(event, view);
    else this.#must(view.stop === undefined, event, 'it is being stopped');
    if (event.reason === 'Executing' && view.executingAt === 0) view.executingAt = event.time;
    if (view.reason === 'RetryBackoff')
      this.#must(event.time >= view.backoffEndsAt, event, `its backoff ends at ${view.backoffEndsAt}`);
    view.reason = event.reason;
  }

  #stop(event: JobEvent, view: JobView): void {
    const stop = stops.find(([words]) => words.test(event.message))?.[1];
    const { timeoutMs = Infinity, pendingTimeoutMs = Infinity } = this.#case.jobs[this.#indexes.get(event.job)!]!;
    this.#must(view.status === 'RUNNING' && view.stop === undefined && stop !== undefined, event, 'it is told once');
    if (stop === 'WorkerCrashed') {
      const id = `${this.#indexes.get(event.job)!}.${view.attempt}`;
      this.#must((this.deeds.adoptions.get(id) ?? 0) > adoptionsMax, event, 'it was not adopted so often');
      view.crashes = true;
      return;
    }
    if (stop === 'TimedOut')
      this.#must(view.executingAt > 0 && event.time >= view.executingAt + timeoutMs, event, 'early'); // prettier-ignore
    else if (stop === 'PendingTimedOut')
      this.#must(view.executingAt === 0 && event.time >= view.claimedAt + pendingTimeoutMs, event, 'early'); // prettier-ignore
    else {
      this.#mustEnd(event);
      this.#must(stop === this.#request?.reason, event, `it was ${this.#request?.reason ?? ''}`);
      this.#ending = true;
    }
    view.stop = stop!;
  }

  #mustGoOn(event: JobEvent): void {
    this.#must(!this.#ending && (!this.#request || event.time <= this.#request.at), event, 'the run is to end');
  }

  #mustEnd(event: JobEvent): void {
    this.#must(this.#request !== undefined && event.time >= this.#request.at, event, 'nothing ends the run');
  }

  #viewOf(event: JobEvent): JobView {
    const index = this.#indexes.get(event.job);
    this.#must(index !== undefined, event, 'there is no such job');
    const view = this.jobs[index!]!;
    view.wasTold = true;
    return view;
  }

  #must(holds: boolean, event: ChainrEvent, sentence: string): void {
    if (!holds) throw new Error(`${sentence}: ${JSON.stringify(event)}, jobs ${this.statuses.join()}`);
  }
}
