/** A refusal of the API server: an answer with a status of 400 or above. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly status: number;
  /** The machine-readable reason of the answer, such as `AlreadyExists`; empty if it has none. */
  readonly reason: string;
  /** How long to wait before the next try, from `Retry-After`; undefined if the answer does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** There was no answer, or not the whole of it: the API server is away or hangs, or nobody could say who asks. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** Whether the request was certainly never sent, since there was no connection, or there were no credentials. */
  readonly isUnsent: boolean;

  /** @param options.isUnsent if absent, the cause tells */
  constructor(message: string, { cause, isUnsent }: { cause?: unknown; isUnsent?: boolean } = {}) {
    super(message, { cause });
    this.isUnsent = isUnsent ?? (cause instanceof Error && 'code' in cause && unreached.has(String(cause.code)));
  }
}

/** Errors of `connect`. */
const unreached = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

/** From the error of a connection. If several addresses could not be reached, that has a code and no message. */
export function noAnswer(cause: unknown): NoAnswer {
  if (cause instanceof NoAnswer) return cause;
  const words = cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : '') : String(cause);
  return new NoAnswer(`the API server does not answer: ${words}`, { cause });
}

/** The reason of a refusal because the worker's Role lacks something; its message says what. */
export const missingRightReason = 'MissingRight';

/**
 * What Kubernetes says when a Role lacks something:
 * https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go
 */
const missingRight =
  /User "([^"]*)" cannot (\S+) resource "([^"]*)" in API group "[^"]*"(?: in the namespace "([^"]*)")?/;

/** What a person can do about it, as a sentence; undefined if the refusal is about something else. */
function describeMissingRight(status: number, message: string): string | undefined {
  const found = status === 403 ? missingRight.exec(message) : null;
  if (!found) return undefined;
  const [, user = '', verb = '', resource = '', namespace] = found;
  const where = namespace === undefined ? '' : ` in the namespace ${namespace}`;
  return `The worker (${user}) has no right to ${verb} ${resource}${where}: add it to its Role.`;
}

export const statusOf = (error: unknown): number | undefined => (error instanceof ApiError ? error.status : undefined);

/** Resolves with undefined where the API server refuses with one of these statuses. */
export async function unlessStatus<T>(statuses: readonly number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}

/** From the body of an answer, which is a `Status` of meta/v1, or the text of a proxy in between. */
export function errorOf(status: number, body: string, retryAfter: string | undefined): ApiError {
  const seconds = Number(retryAfter);
  const retryAfterMs = retryAfter !== undefined && Number.isFinite(seconds) ? seconds * 1000 : undefined;
  try {
    const { reason, message } = JSON.parse(body) as { reason?: unknown; message?: unknown };
    if (typeof message === 'string') {
      const right = describeMissingRight(status, message);
      const word = right === undefined && typeof reason === 'string' ? reason : '';
      return new ApiError(status, right === undefined ? word : missingRightReason, right ?? message, retryAfterMs);
    }
  } catch {
    // Not JSON: the text itself says what happened.
  }
  const text = body.trim().slice(0, 500);
  return new ApiError(status, '', text === '' ? `the API server answered ${String(status)}` : text, retryAfterMs);
}
