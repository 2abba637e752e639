import type { Outcome } from '@chainr/core/engine/outcome';
import type { AttemptSpec, PhaseChange, RecordStart, WriteGuard } from '../../port.js';
import { SharedDrive } from '../../shared-drive.js';
import { ApiError, NoAnswer } from '../api/api-error.js';
import { nameOf, type Drive, type KubernetesContext } from '../context.js';
import { createSecret, needsSecret } from '../pod/attempt-secret.js';
import { createPod, type Creation } from '../pod/create-pod.js';
import { makePod } from '../pod/make-pod.js';
import type { PodJson } from '../pod/pod-json.js';
import { refuseSpec } from '../pod/refuse-spec.js';
import { takeName } from '../pod/take-name.js';
import type { PodView, Verdict } from '../pod/pod-view.js';
import { lastLines } from '../output/last-lines.js';
import { giveUp } from '../end/end-pod.js';
import { wakeAfter, type PodBoard, type Watch } from './pod-board.js';
import { readEvents } from './pod-events.js';
import { phaseOfEvents, phaseOfPod, type Obstacle } from './pod-phase.js';
import { outcomeOfGone, outcomeOfPod } from './pod-outcome.js';
import { runtimeOf } from './pod-runtime.js';
import { statusOfStep } from './step-ends.js';

/** How often a pod is looked at whose obstacle the watch says nothing new about. */
const recheckMs = 5_000;
/** How often the creation is tried again that a quota prevents. */
const quotaMs = 5_000;

/**
 * Takes an attempt from the creation of its pod to its end while anybody observes it; without a guard it only watches.
 * Everything that matters is read from the pod, so another worker's drive can continue at any point; what it keeps is for
 * its own lease only.
 */
export class AttemptDrive implements Drive {
  readonly #context: KubernetesContext;
  readonly #board: PodBoard;
  readonly #name: string;
  readonly shared = new SharedDrive((signal) => this.#drive(signal));
  #spec: AttemptSpec;
  #guard: WriteGuard | undefined;
  #record: RecordStart | undefined;
  /** The API server refused the pod for good, so there is none and never was. */
  #refused: Outcome | undefined;
  /** The Secret of the attempt is there, or its steps have all begun. */
  #hasSecret = false;
  /** The pod that this drive recorded was refused, so nothing has been started. That is to be recorded too. */
  #isUnstarted = false;
  /** What the service wrote last that was not ready. */
  #lastLines: string | undefined;
  /** A pod that has a node and no container yet, and says nothing. */
  #silentStart: { uid: string; askAt: number; told: PhaseChange } | undefined;
  #obstacle: { key: string; since: number } | undefined;

  constructor(context: KubernetesContext, board: PodBoard, spec: AttemptSpec) {
    this.#context = context;
    this.#board = board;
    this.#name = nameOf(context, spec);
    this.#spec = spec;
  }

  /** What is known to have run, or may have. This may become known after the drive began, and is never forgotten. */
  learn({ begun = false, starts = 0 }: AttemptSpec): void {
    this.#spec = {
      ...this.#spec,
      begun: begun || (this.#spec.begun ?? false),
      starts: Math.max(starts, this.#spec.starts ?? 0),
    };
  }

  /** Continues under a new lease. What was known under an older one may have changed since. */
  actUnder(guard: WriteGuard, record?: RecordStart): void {
    if (this.#guard !== guard) {
      this.#isUnstarted = false;
      this.#hasSecret = false;
    }
    this.#guard = guard;
    this.#record = record;
  }

  forbid(outcome: Outcome): boolean {
    if ((this.#spec.starts ?? 0) > 0 && !this.#isUnstarted) return false;
    this.#refused ??= outcome;
    this.#board.notify(this.#name);
    return true;
  }

  async #drive(signal: AbortSignal): Promise<Outcome> {
    const watch = this.#board.open(this.#name, signal);
    try {
      for (let seen: PodView | undefined; ;) {
        signal.throwIfAborted();
        const pod = this.#board.get(this.#name) ?? (this.#isNew() ? undefined : await this.#board.fetch(this.#name));
        const outcome = pod ? await this.#endOf(pod) : await this.#withoutPod(seen, watch, signal);
        if (outcome) return outcome;
        if (!pod) continue;
        seen = pod;
        const quota = await this.#provideSecret(pod, signal);
        if (quota === undefined) await this.#wait(pod, watch, signal);
        else await this.#waitForQuota(quota, watch);
      }
    } finally {
      watch.close();
    }
  }

  /** Nobody has ever requested its creation: that would be recorded. So there is nothing to look for. */
  #isNew(): boolean {
    const { starts, begun = false } = this.#spec;
    return this.#guard !== undefined && starts === 0 && !begun;
  }

  async #endOf(pod: PodView): Promise<Outcome | undefined> {
    const { run, job, attempt } = this.#spec;
    const { key, instance } = pod;
    if (instance !== this.#context.instance() || key?.run !== run || key.job !== job || key.attempt !== attempt) {
      return { reason: 'ConfigError', message: `Its pod name ${pod.name} is already used by another pod.` };
    }
    const outcome = outcomeOfPod(pod, this.#spec);
    if (!outcome || pod.isTombstone) return outcome;
    const service = pod.verdict?.service;
    if (service === undefined) return this.#withRuntime(outcome, pod);
    this.#lastLines ??= await lastLines(this.#context, this.#board, this.#name, service);
    return this.#withRuntime({ ...outcome, message: `${outcome.message ?? ''} ${this.#lastLines}` }, pod);
  }

  /** Events explain what went wrong. Nobody waits for those of a success: to read them costs the API server much. */
  async #withRuntime(outcome: Outcome, pod: PodView): Promise<Outcome> {
    const isExplained = outcome.reason === 'Completed';
    const told = isExplained ? { events: [] } : await readEvents(this.#context.api, this.#board.eventsPath, pod);
    return { ...outcome, runtime: runtimeOf(pod, this.#board.namespace, told) };
  }

  /** Also for an earlier owner that died after it created the pod. @return the words of a quota without room for it */
  async #provideSecret(pod: PodView, signal: AbortSignal): Promise<string | undefined> {
    const spec = this.#spec;
    if (this.#hasSecret || !this.#guard || !needsSecret(spec)) return undefined;
    const last = statusOfStep(pod, spec, spec.steps.length - 1)?.state;
    const isNeeded = !last?.running && !last?.terminated && !pod.isTombstone && pod.verdict === undefined;
    const guard = this.#guardUntil(signal);
    const created = isNeeded ? await createSecret(this.#context, this.#board, pod, spec, guard) : undefined;
    if (created?.kind === 'quota') return created.message;
    if (created?.kind === 'refused') {
      await giveUp(this.#context, this.#board, pod, { reason: 'ConfigError', message: created.message }, guard);
    }
    this.#hasSecret = true;
    return undefined;
  }

  async #waitForQuota(message: string, watch: Watch): Promise<void> {
    this.#tell({ reason: 'QuotaExceeded', message, at: Date.now() });
    await wakeAfter(watch, quotaMs);
  }

  async #wait(pod: PodView, watch: Watch, signal: AbortSignal): Promise<void> {
    const { change, obstacle } = phaseOfPod(pod, this.#spec);
    if (!obstacle) this.#obstacle = undefined;
    const isSilent = change.reason === 'Starting' && change.message === undefined && pod.node !== '';
    if (!isSilent) this.#silentStart = undefined;
    this.#tell(isSilent ? await this.#askEvents(pod, change) : change);
    if (this.#silentStart) return wakeAfter(watch, Math.max(0, this.#silentStart.askAt - performance.now()));
    const untilMs = obstacle && !pod.isStopping ? await this.#endure(pod, obstacle, signal) : undefined;
    await wakeAfter(watch, untilMs);
    if (untilMs !== undefined) await this.#board.fetch(this.#name);
  }

  /** A volume that cannot be mounted, or an image that takes long, shows only in the events of a pod. */
  async #askEvents(pod: PodView, change: PhaseChange): Promise<PhaseChange> {
    const now = performance.now();
    let told = change;
    if (this.#silentStart?.uid === pod.uid) {
      if (now < this.#silentStart.askAt) return this.#silentStart.told;
      told = phaseOfEvents(await this.#board.trouble.of(pod.uid), change);
    }
    this.#silentStart = { uid: pod.uid, askAt: now + this.#context.silentStartMs, told };
    return told;
  }

  /** Ends the pod when an obstacle has lasted too long. @return when to look again, in ms */
  async #endure(pod: PodView, obstacle: Obstacle, signal: AbortSignal): Promise<number> {
    const { reason, message, service, isCertain } = obstacle;
    const key = `${pod.uid} ${obstacle.container}`;
    if (this.#obstacle?.key !== key) this.#obstacle = { key, since: performance.now() };
    const { patienceMs = this.#context.obstaclePatienceMs } = obstacle;
    const leftMs = this.#obstacle.since + (isCertain ? 0 : patienceMs) - performance.now();
    if (leftMs > 0 || !this.#guard) return Math.min(recheckMs, Math.max(leftMs, 50));
    const verdict = { reason, message, ...(service !== undefined && { service }) };
    // Before it is told to end, about which it may write more.
    if (service !== undefined) this.#lastLines = await lastLines(this.#context, this.#board, this.#name, service);
    await giveUp(this.#context, this.#board, pod, verdict, this.#guardUntil(signal));
    return recheckMs;
  }

  /** There is no pod. @return the outcome if there was one, or none can be created; undefined if there may be one now */
  async #withoutPod(seen: PodView | undefined, watch: Watch, signal: AbortSignal): Promise<Outcome | undefined> {
    const spec = this.#spec;
    const last = this.#board.lastOf(this.#name) ?? seen;
    if (last) return this.#withRuntime(outcomeOfGone(last, spec), last);
    await this.#takeBack();
    if (this.#refused) return this.#refused;
    if (spec.begun) return this.#takeName({ reason: 'Deleted', message: 'Somebody removed its pod while it ran.' }, signal); // prettier-ignore
    if ((this.#spec.starts ?? 0) > 0) {
      const message = 'Its pod was removed before anybody saw how it ended, or its worker died while it created it.';
      return this.#takeName({ reason: 'Lost', message }, signal);
    }
    if (!this.#guard) return { reason: 'Lost', message: 'Nothing of it was found in this cluster.' };
    const refusal = refuseSpec(spec);
    const made = refusal === undefined ? makePod(this.#context, this.#board.namespace, spec) : { refusal };
    if ('refusal' in made) return (this.#refused = { reason: 'ConfigError', message: made.refusal });
    await this.#create(made.pod, watch, signal);
    return undefined;
  }

  async #create(pod: PodJson, watch: Watch, signal: AbortSignal): Promise<void> {
    const guard = this.#guardUntil(signal);
    guard();
    const count = this.#spec.steps.length + (this.#spec.services?.length ?? 0);
    if ((this.#spec.starts ?? 0) < count) {
      await this.#record?.(count);
      this.#spec = { ...this.#spec, starts: count };
    }
    // A stop may have come while the start was recorded.
    if (this.#refused) {
      this.#isUnstarted = true;
      return this.#takeBack();
    }
    let created: Creation;
    try {
      created = await createPod(this.#context, this.#board, pod, guard);
    } catch (error) {
      this.#isUnstarted = isUnapplied(error);
      await this.#takeBack();
      throw error;
    }
    this.#isUnstarted = created.kind !== 'there';
    await this.#takeBack();
    if (created.kind === 'refused') this.#refused = { reason: 'ConfigError', message: created.message };
    if (created.kind === 'quota') await this.#waitForQuota(created.message, watch);
  }

  /** Takes the record of a start back that was refused for certain, so that an adopter does not call it Lost. */
  async #takeBack(): Promise<void> {
    if (!this.#isUnstarted) return;
    await this.#record?.(0);
    this.#spec = { ...this.#spec, starts: 0 };
    this.#isUnstarted = false;
  }

  /**
   * Takes the name of what is gone, so that a request of an owner that was frozen cannot create it later. If that finds
   * the name taken, it is not gone.
   */
  async #takeName(verdict: Verdict, signal: AbortSignal): Promise<Outcome | undefined> {
    if (!this.#guard) return { ...verdict };
    const guard = this.#guardUntil(signal);
    const isTaken = await takeName(this.#context, this.#board, this.#spec, verdict, guard, signal);
    return isTaken ? { ...verdict } : undefined;
  }

  #guardUntil(signal: AbortSignal): WriteGuard {
    return () => {
      signal.throwIfAborted();
      this.#guard?.();
    };
  }

  #tell(change: PhaseChange): void {
    // A claimed attempt is starting until something else is said.
    if (!this.shared.hasTold && change.reason === 'Starting' && change.message === undefined) return;
    this.shared.tell(change);
  }
}

/** Whether a request was certainly not carried out, so that the same one can be sent again. */
function isUnapplied(error: unknown): boolean {
  if (error instanceof NoAnswer) return error.isUnsent;
  return error instanceof ApiError && (error.status < 500 || error.status === 503);
}
