import type { KubeObject, Pod } from '../objects.js';
import type { Node } from '../node/node.js';
import { setPodDefaults } from '../pods/set-defaults.js';
import type { ObjectStore } from '../store/object-store.js';
import type { ApiRequest } from './api-request.js';
import type { Handler } from './api-server.js';
import { createObject } from './create-object.js';
import { deleteCollection, deleteObject } from './delete-object.js';
import { listObjects } from './list-objects.js';
import { changeObject } from './patch-object.js';
import { readLog } from './read-log.js';
import { ApiError, notFound } from './status.js';
import { watchObjects, type OpenWatch } from './watch-objects.js';

export interface Served {
  store: ObjectStore;
  node: Node;
  watches: Set<OpenWatch>;
}

/** Answers every request that is allowed. */
export function createHandler(served: Served): Handler {
  const { store, node, watches } = served;
  return async (request, response) => {
    const { resource, namespace, name, verb, subresource } = request;
    const full = `${verb} ${resource.plural}${subresource === '' ? '' : `/${subresource}`}`;
    if (full === 'get pods/log') {
      await readLog(store, node, request, response);
      return undefined;
    }
    if (subresource !== '') throw new ApiError(404, 'NotFound', 'the server could not find the requested resource');
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
      case 'create':
        return { code: 201, body: await createObject(store, request, admit) };
      case 'update':
      case 'patch':
        return { code: 200, body: await changeObject(store, request, () => undefined) };
      case 'delete':
        return { code: 200, body: await deleteObject(store, request) };
      case 'deletecollection':
        return { code: 200, body: await deleteCollection(store, request) };
    }
  };
}

function admit(object: KubeObject, { resource }: ApiRequest): void {
  if (resource.kind === 'Pod') setPodDefaults(object as Pod);
}
