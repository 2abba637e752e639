import { admitPod, type Webhook } from '../admission/admit-pod.js';
import { enforceCountOfSecrets } from '../admission/quota.js';
import type { Node } from '../node/node.js';
import type { DataObject, KubeObject, Pod } from '../objects.js';
import type { ObjectStore } from '../store/object-store.js';
import type { ApiRequest } from './api-request.js';
import type { Answer, Handler } from './api-server.js';
import { createObject } from './create-object.js';
import { deleteCollection, deleteObject } from './delete-object.js';
import { evictPod } from './evict-pod.js';
import { listObjects } from './list-objects.js';
import { changeObject } from './patch-object.js';
import { readLog } from './read-log.js';
import { reviewAccess } from './review-access.js';
import { ApiError, notFound } from './status.js';
import { watchObjects, type OpenWatch } from './watch-objects.js';

export interface Served {
  store: ObjectStore;
  node: Node;
  watches: Set<OpenWatch>;
  webhooks: readonly Webhook[];
}

/** Answers every request that is allowed. */
export function createHandler({ store, node, watches, webhooks }: Served): Handler {
  const admit = (object: KubeObject): void => {
    if (object.kind === 'Pod') admitPod(store, webhooks, object as Pod);
    if (object.kind !== 'Secret') return;
    encodeSecret(object);
    enforceCountOfSecrets(store, object);
  };
  return async (request, response) => {
    const { resource, namespace, name, verb, subresource } = request;
    switch (`${verb} ${resource.plural}/${subresource}`) {
      case 'get pods/log':
        await readLog(store, node, request, response);
        return undefined;
      case 'create pods/eviction':
        return { code: 201, body: await evictPod(store, request) };
      case 'create selfsubjectaccessreviews/':
        return { code: 201, body: await reviewAccess(request) };
    }
    if (subresource !== '') {
      throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
    }
    switch (verb) {
      case 'get': {
        const object = store.get(resource.plural, resource.isNamespaced ? namespace : '', name);
        if (!object) throw notFound(resource, name);
        return { code: 200, body: store.textOf(object) };
      }
      case 'list':
        return { code: 200, body: listObjects(store, request) };
      case 'watch':
        watchObjects(store, request, response, watches);
        return undefined;
      default:
        return write(store, request, admit);
    }
  };
}

async function write(store: ObjectStore, request: ApiRequest, admit: (object: KubeObject) => void): Promise<Answer> {
  switch (request.verb) {
    case 'create':
      return { code: 201, body: await createObject(store, request, admit) };
    case 'delete':
      return { code: 200, body: await deleteObject(store, request) };
    case 'deletecollection':
      return { code: 200, body: await deleteCollection(store, request) };
    default:
      return { code: 200, body: await changeObject(store, request) };
  }
}

/** Plain values of a new Secret are stored as the others: in base64. */
function encodeSecret(secret: DataObject): void {
  secret.type ??= 'Opaque';
  for (const [key, value] of Object.entries(secret.stringData ?? {})) {
    secret.data = { ...secret.data, [key]: Buffer.from(value).toString('base64') };
  }
  delete secret.stringData;
}
