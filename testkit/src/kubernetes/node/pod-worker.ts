import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Container, Pod } from '../objects.js';
import { now } from '../store/object-store.js';
import { ContainerRun, type PodPlace } from './container-run.js';
import type { NodeContext } from './context.js';
import { ConfigFailure } from './environment.js';
import { aborted, pause } from './pause.js';
import { podStatusOf, type PodFailure } from './pod-status.js';
import { recordEvent } from './record-event.js';
import { keepSidecar } from './keep-sidecar.js';
import { makeVolumes } from './volumes.js';

/** One pod on the node, from its first container to the end of its last one. */
export class PodWorker {
  readonly pod: Pod;
  readonly runs: readonly ContainerRun[];
  readonly #node: NodeContext;
  readonly #folder: string;
  /** Aborted when nothing of the pod may start any more. */
  readonly #ending = new AbortController();
  /** Aborted when the sidecars must end, after all other containers. */
  readonly #endingSidecars = new AbortController();
  #failure: PodFailure | undefined;
  #killing: NodeJS.Timeout | undefined;
  #killsAt = Infinity;
  #deadline: NodeJS.Timeout | undefined;
  #isOver = false;
  /** Whether nothing of the pod is told, since its node cannot be reached. */
  isSilent = false;
  #wasDeletedRunning = false;
  #forgetting: NodeJS.Timeout | undefined;
  /** Settles when no container runs any more. */
  readonly over: Promise<void>;

  constructor(node: NodeContext, pod: Pod) {
    this.#node = node;
    this.pod = pod;
    this.#folder = `${node.machine.folder}/pods/${pod.metadata.uid}`;
    const make = (spec: Container, role: ContainerRun['role']): ContainerRun =>
      new ContainerRun(node, pod, spec, role, () => {
        // Of a pod that is ended, the kubelet tells only the end.
        if (!this.#ending.signal.aborted) this.publish();
      });
    const inits = (pod.spec.initContainers ?? []).map((spec) =>
      make(spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init'),
    );
    this.runs = [...inits, ...pod.spec.containers.map((spec) => make(spec, 'main'))];
    node.store.update('pods', pod, ({ status }) => {
      status.startTime = now();
      status.hostIP = status.podIP = '127.0.0.1';
    });
    this.publish();
    this.over = this.#run();
  }

  get #fullName(): string {
    const { name, namespace = '', uid } = this.pod.metadata;
    return `${name}_${namespace}(${uid})`;
  }

  get #graceSeconds(): number {
    return this.pod.spec.terminationGracePeriodSeconds ?? 30;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Tells what has happened while the node was silent, and hears what was asked for. */
  catchUp(pod: Pod): void {
    this.publish();
    if (this.#isOver) this.#confirmDeletion();
    this.onChange(pod);
  }

  /** Stores the status as it is now; the object may be gone. */
  publish(): void {
    if (this.isSilent) return;
    this.#node.store.update('pods', this.pod, (draft) => {
      draft.status = podStatusOf(draft, this.runs, this.#failure, this.#isOver);
    });
  }

  /** Takes notice of a change of the pod's specification. */
  onChange(pod: Pod): void {
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      this.#wasDeletedRunning ||= !this.#isOver;
      this.stop(deletionGracePeriodSeconds * 1_000);
      if (this.#isOver) this.#confirmDeletion();
    }
    const { activeDeadlineSeconds } = pod.spec;
    if (activeDeadlineSeconds === undefined || this.#isOver) return;
    clearTimeout(this.#deadline);
    const startedAt = Date.parse(pod.status.startTime ?? now());
    // The kubelet ends a pod when it has been active for longer than the deadline.
    const leftMs = startedAt + activeDeadlineSeconds * 1_000 - Date.now();
    this.#deadline = setTimeout(() => this.#exceedDeadline(), Math.max(leftMs, 0));
  }

  /**
   * Ends the containers: TERM, then KILL after the grace. A shorter grace replaces a longer one. The kubelet gives a
   * second at least.
   */
  stop(graceMs: number, failure?: PodFailure): void {
    if (this.#isOver) return;
    this.#failure ??= failure;
    const killsAt = Date.now() + Math.max(graceMs, 1_000);
    if (killsAt < this.#killsAt) {
      this.#killsAt = killsAt;
      clearTimeout(this.#killing);
      this.#killing = setTimeout(() => this.killNow(), killsAt - Date.now());
    }
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    for (const run of this.runs) {
      run.giveUp();
      if (run.role !== 'sidecar' && run.isRunning) this.#terminate(run);
    }
    this.publish();
  }

  killNow(): void {
    this.#ending.abort();
    this.#endingSidecars.abort();
    for (const run of this.runs) run.kill('SIGKILL');
  }

  /** Frees what the pod holds; it is over, or is ended. */
  async forget(): Promise<void> {
    await this.over;
    clearTimeout(this.#forgetting);
    for (const run of this.runs) run.dropLog();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #run(): Promise<void> {
    this.onChange(this.pod);
    const volumes = await this.#makeVolumes();
    const place: PodPlace = { folder: this.#folder, volumes };
    const sidecars: { run: ContainerRun; ended: Promise<void> }[] = [];
    let isInitialized = true;
    for (const run of this.runs.filter(({ role }) => role !== 'main')) {
      if (run.role === 'sidecar') {
        const kept = keepSidecar(run, place, this.#node, {
          podName: this.#fullName,
          graceMs: (run.spec.startupProbe?.terminationGracePeriodSeconds ?? this.#graceSeconds) * 1_000,
          signal: this.#endingSidecars.signal,
        });
        sidecars.push({ run, ended: kept.ended });
        await Promise.race([kept.started, aborted(this.#ending.signal)]);
      } else await this.#runOnce(run, place);
      isInitialized = !this.#ending.signal.aborted && (run.role === 'sidecar' || run.exitCode === 0);
      if (!isInitialized) break;
    }
    const mains = this.runs.filter(({ role }) => role === 'main');
    if (isInitialized) await Promise.all(mains.map((run) => this.#runOnce(run, place)));
    await this.#endSidecars(sidecars);
    this.#finish();
  }

  /** Waits until all that volumes refer to exists. */
  async #makeVolumes(): Promise<Map<string, string>> {
    mkdirSync(this.#folder, { recursive: true });
    while (!this.#ending.signal.aborted) {
      try {
        return makeVolumes(this.#node.store, this.pod, this.#folder);
      } catch (error) {
        if (!(error instanceof ConfigFailure)) throw error;
        const { message } = error;
        recordEvent(this.#node.store, this.pod, {
          type: 'Warning',
          reason: 'FailedMount',
          message,
          component: 'kubelet',
        });
        await pause(this.#node.settings.retryMs, this.#ending.signal);
      }
    }
    return new Map();
  }

  async #runOnce(run: ContainerRun, place: PodPlace): Promise<void> {
    const started = await run.start(place, this.#ending.signal);
    // Its end was asked for while it was being started.
    if (started && this.#ending.signal.aborted) this.#terminate(run);
    await started?.ended;
  }

  /** In the reverse of their order, each when the one after it has ended. */
  async #endSidecars(sidecars: { run: ContainerRun; ended: Promise<void> }[]): Promise<void> {
    if (sidecars.length === 0) return;
    this.#endingSidecars.abort();
    const killing = setTimeout(() => this.killNow(), this.#graceSeconds * 1_000);
    for (const { run, ended } of sidecars.reverse()) {
      if (run.isRunning) this.#terminate(run);
      await ended;
    }
    clearTimeout(killing);
  }

  #terminate(run: ContainerRun): void {
    const list = run.role === 'main' ? 'containers' : 'initContainers';
    const message = `Stopping container ${run.spec.name}`;
    const fieldPath = `spec.${list}{${run.spec.name}}`;
    recordEvent(this.#node.store, this.pod, {
      type: 'Normal',
      reason: 'Killing',
      message,
      fieldPath,
      component: 'kubelet',
    });
    run.kill('SIGTERM');
  }

  #exceedDeadline(): void {
    const message = 'Pod was active on the node longer than the specified deadline';
    recordEvent(this.#node.store, this.pod, {
      type: 'Normal',
      reason: 'DeadlineExceeded',
      message,
      component: 'kubelet',
    });
    this.stop(this.#graceSeconds * 1_000, { reason: 'DeadlineExceeded', message });
  }

  #finish(): void {
    clearTimeout(this.#killing);
    clearTimeout(this.#deadline);
    this.#isOver = true;
    const isInitialized = this.runs.every(({ role, exitCode }) => role !== 'init' || exitCode === 0);
    for (const run of this.runs) if (isInitialized && run.state.waiting) run.markUnknown();
    this.publish();
    this.#confirmDeletion();
    if (!this.#wasDeletedRunning) return;
    // The kubelet removes the containers of a pod that was deleted, and their logs with them.
    this.#forgetting = setTimeout(() => {
      for (const run of this.runs) run.dropLog();
    }, this.#node.settings.deletedLogsMs);
  }

  /** The last word of the kubelet on a deleted pod: only finalizers still hold it. */
  #confirmDeletion(): void {
    if (this.isSilent) return;
    this.#node.store.update('pods', this.pod, ({ metadata }) => {
      if (metadata.deletionTimestamp === undefined) return;
      metadata.deletionGracePeriodSeconds = 0;
      if (Date.parse(metadata.deletionTimestamp) > Date.now()) metadata.deletionTimestamp = now();
    });
  }
}
