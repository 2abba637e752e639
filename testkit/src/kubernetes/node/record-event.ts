import type { Pod } from '../objects.js';
import { now, type ObjectStore } from '../store/object-store.js';

export interface EventText {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  /** Such as `spec.containers{main}`. */
  fieldPath?: string;
  component: 'kubelet' | 'default-scheduler' | 'taint-eviction-controller';
}

/** Records an event of a pod. A repeated one raises the count of the first, as the recorder of the kubelet does. */
export function recordEvent(store: ObjectStore, { metadata, apiVersion, kind }: Pod, event: EventText): void {
  const namespace = metadata.namespace ?? '';
  const { type, reason, message, fieldPath, component } = event;
  const same = store
    .list('events', namespace)
    .find(
      (each) =>
        each.involvedObject.uid === metadata.uid &&
        each.reason === reason &&
        each.message === message &&
        each.involvedObject.fieldPath === fieldPath,
    );
  const time = now();
  if (same) {
    store.update('events', same, (draft) => {
      draft.count += 1;
      draft.lastTimestamp = time;
    });
    return;
  }
  const involvedObject = { kind, namespace, name: metadata.name, uid: metadata.uid, apiVersion };
  store.create('events', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${metadata.name}.${nextSuffix()}`, namespace },
    involvedObject: { ...involvedObject, ...(fieldPath !== undefined && { fieldPath }) },
    reason,
    message,
    type,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: component === 'kubelet' ? { component, host: 'node-1' } : { component },
    reportingComponent: component,
    reportingInstance: component === 'kubelet' ? 'node-1' : '',
  });
}

let last = 0n;

/** In the form of the recorder: the time in nanoseconds, in hexadecimal. */
function nextSuffix(): string {
  const time = BigInt(Date.now()) * 1_000_000n;
  last = time > last ? time : last + 1n;
  return last.toString(16);
}
