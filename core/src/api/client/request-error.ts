import type { RefusalKind } from '../../engine/refusals.js';
import { errorBodySchema, type ErrorBody, type ErrorDetail } from '../contract/errors.js';
import { parseJson } from './parse-answer.js';

/** The server answered with an error. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  /** One of the codes in `errors.ts`, or one of a newer server. */
  readonly code: string;
  /** One of the kinds in `refusals.ts`, or one of a newer server. */
  readonly refusal: string | undefined;
  readonly details: readonly ErrorDetail[];
  readonly requestId: string | undefined;
  /** How long the server asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    body: Omit<ErrorBody, 'kind' | 'requestId'> & { requestId?: string },
    retryAfterMs?: number,
  ) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.refusal = body.refusal;
    this.details = body.details;
    this.requestId = body.requestId;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the request was refused for one of these reasons. */
  isRefusal(...kinds: readonly RefusalKind[]): boolean {
    return kinds.some((kind) => kind === this.refusal);
  }
}

/** The server could not be reached, or the connection broke before the answer was complete. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Nothing listens at the address, or the server cannot be reached this way. The request certainly did not arrive. */
  readonly refused: boolean;
  /** The server's address. */
  readonly address: string;
  /** The code of the system or of Node, such as `ECONNREFUSED`, if the cause has one. */
  readonly code: string | undefined;

  constructor(address: string, cause: unknown) {
    const code = errorCodeOf(cause);
    super(code ?? (cause instanceof Error ? inOurWords(deepestMessage(cause)) : String(cause)), { cause });
    this.address = address;
    this.code = code;
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
  // The server does not speak TLS. Nothing was sent but the TLS greeting.
  'ERR_SSL_WRONG_VERSION_NUMBER',
]);

/** `fetch` hides the system error in the cause of its error, or in the cause of one of several tries. */
function errorCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return errorCodeOf(error.errors[0]);
  return errorCodeOf(error.cause);
}

/** `bad port`: one of the ports that https://fetch.spec.whatwg.org/#port-blocking blocks. */
const inOurWords = (message: string): string => (message === 'bad port' ? 'a port that HTTP clients block' : message);

const deepestMessage = (error: Error): string =>
  error.cause instanceof Error ? deepestMessage(error.cause) : error.message;

/** Reads the error of an answer. The answer may come from a proxy in between, in another form. */
export async function readRequestError(response: Response): Promise<RequestError> {
  const text = await response.text();
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined;
  const body = errorBodySchema.safeParse(parseJson(text));
  if (body.success) return new RequestError(response.status, body.data, retryAfterMs);
  const message = `The server answered ${String(response.status)} ${response.statusText}`.trim();
  return new RequestError(response.status, { code: 'Internal', message: `${message}.`, details: [] }, retryAfterMs);
}
