import { createHash } from 'node:crypto';
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
export function recordEvent(store: ObjectStore, { metadata, spec, apiVersion, kind }: Pod, event: EventText): void {
  const namespace = metadata.namespace ?? '';
  const { type, reason, message, fieldPath, component } = event;
  // The name tells the event, so that a repeated one is found without a search.
  const id = createHash('sha256').update([metadata.uid, fieldPath, reason, message].join('\0')).digest('hex');
  const eventName = `${metadata.name}.${id.slice(0, 16)}`;
  const same = store.get('events', namespace, eventName);
  const time = now();
  const { nodeName: host = '' } = spec;
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
    metadata: { name: eventName, namespace },
    involvedObject: { ...involvedObject, ...(fieldPath !== undefined && { fieldPath }) },
    reason,
    message,
    type,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: component === 'kubelet' ? { component, host } : { component },
    reportingComponent: component,
    reportingInstance: component === 'kubelet' ? host : '',
  });
}
