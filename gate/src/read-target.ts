import type { IncomingMessage } from 'node:http';
import { ApiError } from '@chainr/core/api/contract/errors';
import type { RequestHandler } from 'express';
import { maxTargetBytes } from './limits.js';

/** Who answers: gate itself, or a service. */
export type Destination = 'health' | 'metrics' | 'sched' | 'notif' | 'ui';

/** What a request asks for. */
export interface Target {
  /** The normalized path: exactly what the service gets. */
  readonly path: string;
  readonly destination: Destination;
}

const targets = new WeakMap<IncomingMessage, Target>();

/** What a request asks for, parsed once. Guards, checks and routing all use this. */
export function targetOf(request: IncomingMessage): Target {
  const target = targets.get(request);
  if (!target) throw new Error('The target of a request was asked for before it was read.');
  return target;
}

/**
 * Parses the target of a request. Only a normalized path is passed on: a guard and a service might understand another
 * spelling differently.
 */
export function readTarget(): RequestHandler {
  return (request, _response, next) => {
    const { url } = request;
    if (Buffer.byteLength(url) > maxTargetBytes)
      throw new ApiError('UriTooLong', `The URL is longer than ${maxTargetBytes} bytes.`);
    if (!url.startsWith('/'))
      throw new ApiError('BadRequest', 'The request line must name a path that begins with a slash.');
    const path = pathOf(url);
    if (!isNormal(path) || notOfTargets.test(url)) throw new ApiError('BadRequest', notNormal);
    targets.set(request, { path, destination: destinationOf(path) });
    next();
  };
}

/** The path of a request target, without the query, which may contain secrets. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/**
 * Only the plain spelling of a path reaches the API. Gate's own addresses match in any case of letters and with a
 * trailing slash: the services have addresses of the same names, which must not be reachable through gate.
 */
function destinationOf(path: string): Destination {
  const own = path.toLowerCase().replace(/\/$/, '');
  if (own === '/metrics') return 'metrics';
  if (own === '/healthz' || own === '/readyz') return 'health';
  if (isWithin('/api/events', path)) return 'notif';
  return isWithin('/api', path) ? 'sched' : 'ui';
}

function isWithin(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

const notNormal =
  'The path is not normalized: write it without empty, "." and ".." segments and without backslashes and "#", and percent-encode only where required.';

/** Characters that no target contains: spaces, control characters, and a fragment. */
const notOfTargets = /[\0-\x20#\x7f]/;

/** The characters of a path (RFC 3986, section 3.3); a percent sign only before two hexadecimal digits. */
const pathForm = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+$/;

/**
 * RFC 3986, section 6.2.2.2: characters that must not be encoded. An encoded slash, backslash or control character
 * would be decoded too late.
 */
const encodedInVain = /^[A-Za-z0-9._~\-/\\\0-\x1f\x7f]$/;

/** @returns whether every reader of the path understands the same one (RFC 3986, section 6.2.2) */
function isNormal(path: string): boolean {
  if (!pathForm.test(path) || path.includes('//')) return false;
  if (path.split('/').some((part) => part === '.' || part === '..')) return false;
  return [...path.matchAll(/%(..)/g)].every(([, digits = '']) => {
    return !encodedInVain.test(String.fromCharCode(Number.parseInt(digits, 16)));
  });
}
