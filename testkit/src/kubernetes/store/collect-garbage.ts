import type { KubeObject } from '../objects.js';
import type { ObjectStore } from './object-store.js';

const owned = ['secrets', 'configmaps'] as const;

/** Removes what belongs to pods that are gone, as the garbage collector does. Returns what ends it. */
export function collectGarbage(store: ObjectStore): () => void {
  const isOrphan = ({ metadata }: KubeObject): boolean => {
    const owners = (metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Pod');
    if (owners.length === 0) return false;
    return owners.every(({ name, uid }) => store.get('pods', metadata.namespace ?? '', name)?.metadata.uid !== uid);
  };
  return store.subscribe(({ type, resource, object }) => {
    if (resource === 'pods' && type === 'DELETED') {
      for (const plural of owned)
        for (const each of store.list(plural, object.metadata.namespace))
          if (isOrphan(each)) store.remove(plural, each);
    } else if (type !== 'DELETED' && owned.some((plural) => plural === resource) && isOrphan(object)) {
      store.remove(resource, object);
    }
  });
}
