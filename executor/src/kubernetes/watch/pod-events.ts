import { within } from '@chainr/core/async/within';
import type { RuntimeEvent } from '@chainr/core/engine/runtime';
import type { ApiClient } from '../api/api-client.js';
import { ApiError } from '../api/api-error.js';
import { timeOf, type PodView } from '../pod/pod-view.js';

/** The newest are kept: a pod has few events, since repeated ones are counted. */
const mostEvents = 20;
/** Of a text that others have written, in characters. */
export const mostTextLength = 500;
/** A namespace with more of a kind tells only of some of its pods. */
const mostOfNamespace = 5_000;
/** How long the end of an attempt may wait for them: they are an explanation, and nothing depends on them. */
const patienceMs = 2_000;

/** What is read of an Event of the core API: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
interface EventJson {
  involvedObject?: { uid?: string };
  metadata: { creationTimestamp?: string };
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  series?: { count?: number; lastObservedTime?: string };
}

export type PodEvents = { events: RuntimeEvent[]; eventsMissing?: string };

/** The events of a pod by the path of those of its namespace, oldest first; if they cannot be had, a sentence that says why. */
export async function readEvents(api: ApiClient, path: string, { uid }: PodView): Promise<PodEvents> {
  const query = { fieldSelector: `involvedObject.kind=Pod,involvedObject.uid=${uid}`, limit: 500 };
  try {
    const answer = api.call<{ items: EventJson[] }>('GET', path, { query });
    const { items } = await within(patienceMs, answer, () => {
      throw new Error('the API server did not answer in time');
    });
    const events = items.map(eventOf).sort((a, b) => a.time - b.time);
    return { events: events.slice(-mostEvents) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const eventsMissing = error instanceof ApiError ? said : `They could not be read: ${said}.`;
    return { events: [], eventsMissing };
  }
}

/**
 * What the newest events say of pods that do not start: warnings, and images that are pulled. The API server looks through
 * all events of a namespace for any question about them, so it is asked once for all pods, and now and then only.
 */
export class NamespaceEvents {
  readonly #api: ApiClient;
  readonly #path: string;
  readonly #keptMs: number;
  readonly #podUids: () => ReadonlySet<string>;
  #last: { at: number; byPod: Promise<Map<string, RuntimeEvent[]>> } | undefined;

  /**
   * @param path that of the events of a namespace
   * @param keptMs how long an answer serves
   * @param podUids the pods that anybody may ask about; events of others are not kept
   */
  constructor(api: ApiClient, path: string, keptMs: number, podUids: () => ReadonlySet<string>) {
    this.#api = api;
    this.#path = path;
    this.#keptMs = keptMs;
    this.#podUids = podUids;
  }

  /** Oldest first; none if they cannot be had, since nothing depends on them. `eventsMissing` tells why at the end. */
  async of(podUid: string): Promise<readonly RuntimeEvent[]> {
    const now = performance.now();
    if (!this.#last || now - this.#last.at >= this.#keptMs) {
      const byPod = within(patienceMs, this.#ask(), () => new Map<string, RuntimeEvent[]>());
      this.#last = { at: now, byPod: byPod.catch(() => new Map<string, RuntimeEvent[]>()) };
    }
    return (await this.#last.byPod).get(podUid) ?? [];
  }

  forget(): void {
    this.#last = undefined;
  }

  async #ask(): Promise<Map<string, RuntimeEvent[]>> {
    const byPod = new Map<string, RuntimeEvent[]>();
    const known = this.#podUids();
    const selected = ['type=Warning', 'reason=Pulling', 'reason=Pulled'];
    for (const only of selected) {
      const query = { fieldSelector: `involvedObject.kind=Pod,${only}`, limit: mostOfNamespace };
      const { items } = await this.#api.call<{ items: EventJson[] }>('GET', this.#path, { query });
      for (const item of items) {
        const uid = item.involvedObject?.uid ?? '';
        if (known.has(uid)) byPod.set(uid, [...(byPod.get(uid) ?? []), eventOf(item)]);
      }
    }
    for (const events of byPod.values()) events.sort((a, b) => a.time - b.time);
    return byPod;
  }
}

function eventOf({ metadata, type, reason = '', message = '', count, series, ...times }: EventJson): RuntimeEvent {
  const last = series?.lastObservedTime ?? times.lastTimestamp ?? times.eventTime ?? metadata.creationTimestamp;
  const often = series?.count ?? count ?? 1;
  return {
    time: timeOf(last),
    type: type === 'Warning' ? 'Warning' : 'Normal',
    reason: reason.slice(0, mostTextLength),
    message: message.slice(0, mostTextLength),
    ...(often > 1 && { count: often }),
  };
}
