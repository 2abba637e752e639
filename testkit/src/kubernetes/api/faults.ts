import type { ServerResponse } from 'node:http';
import { fullResource, type ApiRequest } from './api-request.js';
import { ApiError, expired } from './status.js';
import { endWithError } from './watch-objects.js';

/** Which requests a fault hits. */
export interface FaultTarget {
  verb?: string;
  /** With the subresource: `pods`, `pods/log`. */
  resource?: string;
  /** How many requests; 1 if absent. */
  times?: number;
}

interface Fault {
  target: FaultTarget;
  left: number;
  act: (response: ServerResponse) => void;
}

/** What a test wants to happen to requests, and what has been asked so far. */
export class Faults {
  readonly #faults: Fault[] = [];
  readonly #counts = new Map<string, number>();

  add(target: FaultTarget, act: (response: ServerResponse) => void): void {
    this.#faults.push({ target, left: target.times ?? 1, act });
  }

  /** @returns how often each `verb resource` was asked, refused ones included */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Counts the request. Resolves to true if a fault has taken it. */
  async meet(request: ApiRequest, response: ServerResponse): Promise<boolean> {
    const { plural } = fullResource(request);
    const key = `${request.verb} ${plural}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const fault = this.#faults.find(
      ({ target, left }) =>
        left > 0 && (target.verb ?? request.verb) === request.verb && (target.resource ?? plural) === plural,
    );
    if (!fault) return false;
    fault.left -= 1;
    fault.act(response);
    return true;
  }
}

const reasons: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const messages: Record<number, string> = {
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
};

export function refuseWith(code: number, retryAfterSeconds?: number): () => never {
  return () => {
    const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds };
    throw new ApiError(code, reasons[code], messages[code] ?? 'refused by the test', details);
  };
}

/** 410 as an answer, or as an event of a watch that has begun. */
export function expire(form: 'status' | 'event'): (response: ServerResponse) => void {
  const gone = expired('too old resource version: 1 (2)');
  return (response) => {
    if (form === 'status') throw gone;
    response.writeHead(200, { 'content-type': 'application/json' });
    endWithError(response, gone.status);
  };
}
