import { ApiError } from './status.js';

/** The most that etcd takes in one request (`DefaultMaxRequestBytes` of `embed/config.go`). */
const maxRequestBytes = 1.5 * 1024 * 1024;

/**
 * Refuses an object that etcd would not store. The object is measured as JSON; a cluster stores it in a shorter form.
 *
 * @throws ApiError 500, in the words of etcd, without a reason
 */
export function checkStoredSize(object: object): void {
  if (Buffer.byteLength(JSON.stringify(object)) <= maxRequestBytes) return;
  throw new ApiError(500, undefined, 'etcdserver: request is too large');
}
