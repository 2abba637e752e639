import type { IncomingMessage } from 'node:http';
import { ApiError, badRequest, type Named } from './status.js';
import { findResource, type Resource } from './resources.js';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A request for a resource, as the API server's `RequestInfo` understands it. */
export interface ApiRequest {
  verb: Verb;
  resource: Resource;
  /** Empty for all namespaces, and for resources without one. */
  namespace: string;
  /** Empty for a collection. */
  name: string;
  /** Such as `log`; empty for the object itself. */
  subresource: string;
  query: URLSearchParams;
  message: IncomingMessage;
  user: User;
}

export interface User {
  name: string;
  may: (access: Access) => boolean;
}

export interface Access {
  verb: string;
  group: string;
  /** With the subresource: `pods/log`. */
  resource: string;
  namespace: string;
  name: string;
}

/** Undefined if the path is not that of a resource. */
export function parseApiRequest(message: IncomingMessage, url: URL): Omit<ApiRequest, 'user'> | undefined {
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const [root] = parts;
  let group = '';
  if (root === 'api') parts.splice(0, 2);
  else if (root === 'apis') [, group = ''] = parts.splice(0, 3);
  else return undefined;
  let namespace = '';
  const isOfNamespace = parts[0] === 'namespaces' && parts.length > 2;
  if (isOfNamespace) [, namespace = ''] = parts.splice(0, 2);
  const [plural = '', name = '', subresource = ''] = parts;
  const resource = findResource(group, plural);
  if (!resource || parts.length > 3 || (isOfNamespace && !resource.isNamespaced)) return undefined;
  if (plural === 'namespaces') namespace = name;
  const query = url.searchParams;
  return { verb: verbOf(message.method ?? '', name, query), resource, namespace, name, subresource, query, message };
}

function verbOf(method: string, name: string, query: URLSearchParams): Verb {
  const isWatch = ['1', 'true'].includes(query.get('watch') ?? '');
  switch (method) {
    case 'GET':
      if (isWatch) return 'watch';
      return name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      throw new ApiError(405, 'MethodNotAllowed', `the server does not allow this method on the requested resource`);
  }
}

/** The size at which the API server refuses a body. */
const maxBody = 3 * 1024 * 1024;

/** @throws ApiError 400, 413 or 415 */
export async function readBody(message: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBody) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBody}`);
    }
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be of type JSON): ${String(error)}`);
  }
}

/** The resource with its subresource, as messages and roles name it. */
export function fullResource({ resource, subresource }: Pick<ApiRequest, 'resource' | 'subresource'>): Named {
  const plural = subresource === '' ? resource.plural : `${resource.plural}/${subresource}`;
  return { plural, group: resource.group };
}
