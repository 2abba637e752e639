import { errorBodySchema, type ErrorDetail } from '../contract/errors.js';
import { parseJson } from './parse-answer.js';

/** The server answered with an error. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  /** One of the codes of `errors.ts`, or one that a newer server knows. */
  readonly code: string;
  readonly details: readonly ErrorDetail[];
  readonly requestId: string | undefined;
  /** How long the server asks to wait before the next try; milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    body: { code: string; message: string; details: readonly ErrorDetail[]; requestId?: string },
    retryAfterMs?: number,
  ) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.details = body.details;
    this.requestId = body.requestId;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The server could not be reached, or the connection broke before the answer was complete. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Nothing listens there, or what listens cannot be asked so: what was sent has certainly not arrived. */
  readonly refused: boolean;
  /** The server that was asked. */
  readonly address: string;

  constructor(address: string, cause: unknown) {
    const code = errorCodeOf(cause);
    super(code ?? (cause instanceof Error ? inOurWords(deepestMessage(cause)) : String(cause)), { cause });
    this.address = address;
    const unasked = code === undefined && cause instanceof Error;
    this.refused = unasked || neverArrived.has(code ?? '');
  }
}

const neverArrived: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  // What answers does not speak TLS: nothing was sent but the greeting of TLS.
  'ERR_SSL_WRONG_VERSION_NUMBER',
]);

/** `fetch` hides what happened in the cause of its error, or in that of one of several tries. */
function errorCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return errorCodeOf(error.errors[0]);
  return errorCodeOf(error.cause);
}

/** The ports that https://fetch.spec.whatwg.org/#port-blocking closes. */
const inOurWords = (message: string): string => (message === 'bad port' ? 'a port that HTTP clients block' : message);

const deepestMessage = (error: Error): string =>
  error.cause instanceof Error ? deepestMessage(error.cause) : error.message;

/** Reads the error that an answer carries; a proxy in between may have answered in its own words. */
export async function readRequestError(response: Response): Promise<RequestError> {
  const text = await response.text();
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined;
  const body = errorBodySchema.safeParse(parseJson(text));
  if (body.success) return new RequestError(response.status, body.data, retryAfterMs);
  const message = `The server answered ${String(response.status)} ${response.statusText}`.trim();
  return new RequestError(response.status, { code: 'Internal', message: `${message}.`, details: [] }, retryAfterMs);
}
