import { LineSplitter } from '@chainr/core/async/line-splitter';
import type { PodJson } from '@chainr/executor/kubernetes/pod/pod-json';
import { untilFound } from '../until-found.js';
import { ClusterRefusal, type Cluster } from './cluster.js';

/** Everything that chainr creates has it. */
const selector = 'app.kubernetes.io/managed-by=chainr';

export interface RecordedPod {
  readonly uid: string;
  readonly name: string;
  readonly run: string;
  readonly job: string;
  readonly attempt: number;
  /** It only takes a name: the scheduler never gets it. */
  readonly isTombstone: boolean;
  /** The ids of the containers that began, by the name of the container. */
  readonly starts: ReadonlyMap<string, ReadonlySet<string>>;
  /** The pod as it was seen last. */
  readonly last: PodJson;
  readonly isGone: boolean;
}

interface Recording extends RecordedPod {
  starts: Map<string, Set<string>>;
  last: PodJson;
  isGone: boolean;
  /** It was there before the recorder. */
  isOld: boolean;
}

/**
 * Writes down every pod of chainr in a namespace and every start of its containers, by a list and a watch of its own. A
 * watch that breaks begins again with a list. The finalizer keeps pods for longer than that takes.
 */
export class PodRecorder {
  readonly #cluster: Cluster;
  readonly #pods = new Map<string, Recording>();
  readonly #over = new AbortController();
  #recording: Promise<void> = Promise.resolve();
  /** The last thing that went wrong and is no outage. */
  #unexpected: Error | undefined;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  static async start(cluster: Cluster): Promise<PodRecorder> {
    const recorder = new PodRecorder(cluster);
    const version = await recorder.#list();
    for (const pod of recorder.#pods.values()) pod.isOld = true;
    recorder.#recording = recorder.#record(version);
    return recorder;
  }

  /** Ends the watch. Throws what went wrong with it other than an outage: something may not have been seen. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#recording;
    if (this.#unexpected) throw this.#unexpected;
  }

  /** Every run that has begun since. */
  get runs(): string[] {
    return [...new Set([...this.#pods.values()].filter(({ isOld }) => !isOld).map(({ run }) => run))];
  }

  /** Every pod that a run has had. */
  podsOf(run: string): RecordedPod[] {
    return [...this.#pods.values()].filter((pod) => pod.run === run);
  }

  /** Every start of a container of a run, as `job attempt step`. */
  startsOf(run: string): string[] {
    return this.podsOf(run).flatMap(({ job, attempt, starts }) =>
      [...starts].flatMap(([step, ids]) => [...ids].map(() => `${job} ${String(attempt)} ${step}`)),
    );
  }

  /**
   * What was done twice in a run, as sentences: none if each attempt had one pod and each container one start.
   *
   * @throws if no pod of the run was seen
   */
  doubledIn(run: string): string[] {
    const found: string[] = [];
    const uids = new Map<string, number>();
    for (const { job, attempt, isTombstone, starts } of this.#seenOf(run)) {
      const key = `${job} ${String(attempt)}`;
      if (!isTombstone) uids.set(key, (uids.get(key) ?? 0) + 1);
      for (const [step, { size }] of starts) if (size > 1) found.push(`${key} ${step} began ${String(size)} times`);
      if (isTombstone && starts.size > 0) found.push(`${key} began as a pod that only takes its name`);
    }
    for (const [key, count] of uids) if (count > 1) found.push(`${key} had ${String(count)} pods`);
    return found;
  }

  /**
   * Waits until no pod of a run is left.
   *
   * @throws if no pod of the run was seen
   */
  async untilGone(run: string): Promise<void> {
    const left = () => this.#seenOf(run).filter(({ isGone }) => !isGone).map(({ name }) => name); // prettier-ignore
    await untilFound('the removal of all pods of a run', left, ({ length }) => length === 0);
  }

  #seenOf(run: string): RecordedPod[] {
    const pods = this.podsOf(run);
    if (pods.length === 0) throw new Error(`no pod of the run ${run} was seen, so nothing is known of it`);
    return pods;
  }

  async #list(): Promise<string> {
    const { items, metadata } = await this.#cluster.list(selector);
    const seen = new Set(items.map((pod) => this.#take(pod).uid));
    for (const pod of this.#pods.values()) if (!seen.has(pod.uid)) pod.isGone = true;
    return metadata.resourceVersion ?? '';
  }

  async #record(from: string): Promise<void> {
    const { signal } = this.#over;
    for (let version = from; !signal.aborted;) {
      try {
        if (version === '') version = await this.#list();
        const response = await this.#cluster.watch(selector, version, signal);
        version = '';
        const lines = new LineSplitter();
        for await (const part of response)
          for (const line of lines.take(part as Buffer)) if (line !== '') this.#takeEvent(line);
      } catch (error) {
        version = ''; // The list tells what is there.
        if (!isOutage(error)) this.#unexpected = error as Error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  #takeEvent(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: PodJson };
    if (type === 'ERROR') throw new ClusterRefusal('watch', (object as { code?: number }).code ?? 0, line);
    if (type === 'BOOKMARK') return;
    const pod = this.#take(object);
    if (type === 'DELETED') pod.isGone = true;
  }

  #take(pod: PodJson): Recording {
    const { uid = '', name = '', labels = {} } = pod.metadata ?? {};
    let recording = this.#pods.get(uid);
    if (!recording) {
      recording = {
        uid,
        name,
        run: labels['chainr.dev/run'] ?? '',
        job: labels['chainr.dev/job'] ?? '',
        attempt: Number(labels['chainr.dev/attempt']),
        isTombstone: (pod.spec?.schedulingGates?.length ?? 0) > 0,
        starts: new Map(),
        last: pod,
        isGone: false,
        isOld: false,
      };
      this.#pods.set(uid, recording);
    }
    recording.last = pod;
    for (const { name: step, containerID, state, restartCount } of statusesOf(pod)) {
      const began = state?.running ?? state?.terminated?.startedAt;
      if (!began || !containerID) continue;
      const ids = recording.starts.get(step) ?? new Set();
      recording.starts.set(step, ids.add(containerID));
      for (let at = 0; at < restartCount; at += 1) ids.add(`restart ${String(at)}`);
    }
    return recording;
  }
}

/** The statuses of all containers of a pod. */
export const statusesOf = ({ status }: PodJson) => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/**
 * Whether the connection broke, answered with something else than HTTP, or is to be ended; or the API server is away or
 * busy, or the history was too short.
 */
function isOutage(error: unknown): boolean {
  if (error instanceof ClusterRefusal) return error.status === 410 || error.status === 429 || error.status >= 500;
  const { code } = error as NodeJS.ErrnoException;
  // Of the system (ECONNRESET …), of the parser of HTTP (HPE_…) or of the abort. Misuses of Node are ERR_….
  return code !== undefined && !code.startsWith('ERR_');
}
