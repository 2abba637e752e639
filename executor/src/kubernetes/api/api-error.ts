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
      return new ApiError(status, typeof reason === 'string' ? reason : '', message, retryAfterMs);
    }
  } catch {
    // Not JSON: the text itself says what happened.
  }
  const text = body.trim().slice(0, 500);
  return new ApiError(status, '', text === '' ? `the API server answered ${String(status)}` : text, retryAfterMs);
}
