import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../objects.js';
import type { ObjectStore } from '../store/object-store.js';
import { checkObject } from '../schema/check-object.js';
import { readBody, type ApiRequest } from './api-request.js';
import { checkStoredSize } from './check-stored-size.js';
import { apiVersionOf } from './resources.js';
import { alreadyExists, badRequest, invalid, notFound } from './status.js';

/** Fills in, checks and admits a new object; throws an ApiError to refuse it. */
export type Admit = (object: KubeObject) => void;

export async function createObject(store: ObjectStore, request: ApiRequest, admit: Admit): Promise<KubeObject> {
  const { resource, namespace, message } = request;
  const object = checkKind(await readBody(message), request);
  checkObject(object);
  const { metadata } = object;
  if (resource.isNamespaced) {
    if (metadata.namespace !== undefined && metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    metadata.namespace = namespace;
    if (!store.get('namespaces', '', namespace)) throw notFound({ plural: 'namespaces', group: '' }, namespace);
  }
  if (metadata.name === '' && metadata.generateName !== undefined) metadata.name = nameAfter(metadata.generateName);
  if (metadata.name === '') {
    const field = 'metadata.name';
    const detail = 'Required value: name or generateName is required';
    throw invalid(resource.kind, resource.group, '', [{ reason: 'FieldValueRequired', field, message: detail }]);
  }
  admit(object);
  const existing = store.get(resource.plural, metadata.namespace ?? '', metadata.name);
  if (existing) throw alreadyExists(resource, metadata.name, existing.metadata.deletionTimestamp !== undefined);
  checkStoredSize(object);
  return store.create(resource.plural, object);
}

function checkKind(body: unknown, { resource }: ApiRequest): KubeObject {
  const object = body as Partial<KubeObject> | undefined;
  if (typeof object !== 'object') throw badRequest('no kind is set');
  const expected = apiVersionOf(resource);
  object.kind ??= resource.kind;
  object.apiVersion ??= expected;
  if (object.kind !== resource.kind || object.apiVersion !== expected) {
    throw badRequest(
      `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${resource.kind}: converting (v1.${object.kind}) to (core.${resource.kind}): unknown conversion`,
    );
  }
  object.metadata = { ...object.metadata, name: object.metadata?.name ?? '' } as KubeObject['metadata'];
  return object as KubeObject;
}

/** The letters that Kubernetes uses for generated names: no vowels, and nothing that looks like another. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';

function randomSuffix(length: number): string {
  return [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join('');
}

const nameAfter = (prefix: string): string => `${prefix.slice(0, 58)}${randomSuffix(5)}`;
