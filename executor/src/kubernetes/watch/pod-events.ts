import { within } from '@chainr/core/async/within';
import type { RuntimeEvent } from '@chainr/core/engine/runtime';
import { ApiError } from '../api/api-error.js';
import type { KubernetesContext } from '../context.js';
import { timeOf, type PodView } from '../pod/pod-view.js';
import type { PodBoard } from './pod-board.js';

/** The newest are kept: a pod has few events, since repeated ones are counted. */
const mostEvents = 20;
const mostTextLength = 500;
/** How long the end of an attempt may wait for them: they are an explanation, and nothing depends on them. */
const patienceMs = 2_000;

/** What is read of an Event of the core API: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
interface EventJson {
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

/** The events of a pod, oldest first; if they cannot be had, a sentence that says why. */
export async function readEvents({ api }: KubernetesContext, board: PodBoard, { uid }: PodView): Promise<PodEvents> {
  const path = board.path.replace(/pods$/, 'events');
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
