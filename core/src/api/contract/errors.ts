import { z } from 'zod';

interface ErrorRow {
  /** The HTTP status that the error is answered with. */
  status: number;
  /** What it means for the caller, for the documentation. */
  doc: string;
}

const table = {
  BadRequest: { status: 400, doc: 'The request is not as it should be; `details` names every place.' },
  Unauthorized: { status: 401, doc: 'The request carries no token, or not the right one.' },
  Forbidden: { status: 403, doc: 'The request is understood but not allowed from there.' },
  NotFound: { status: 404, doc: 'There is nothing under this address.' },
  MethodNotAllowed: { status: 405, doc: 'The address exists; `Allow` names the methods that it answers.' },
  RequestTimeout: { status: 408, doc: 'The request did not arrive in time.' },
  Conflict: { status: 409, doc: 'The request contradicts what is stored.' },
  Gone: { status: 410, doc: 'It was there and was removed; the message says more.' },
  TooLarge: { status: 413, doc: 'The body is larger than the limit that the message names.' },
  UriTooLong: { status: 414, doc: 'The address is longer than the limit that the message names.' },
  UnsupportedMediaType: { status: 415, doc: 'The content type is none of those that the message names.' },
  TooManyConnections: {
    status: 429,
    doc: 'The client has more connections than one may have; try again after `Retry-After` seconds.',
  },
  Internal: { status: 500, doc: 'A fault of chainr; the request id finds it in the logs.' },
  Unavailable: { status: 503, doc: 'Something that is needed is away; try again after `Retry-After` seconds.' },
  StoreFull: { status: 503, doc: 'Redis has no room for new runs at the moment.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof table;

/** Every code that an error body can carry, with its HTTP status and meaning. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorRow>> = table;

/** One place of a request that is wrong. `path` is empty where the whole is meant. */
export const errorDetailSchema = z.object({
  path: z.string().describe('Where, such as `jobs.first.dependsOn[0].job`; empty for the whole.'),
  message: z.string().describe('What is wrong there: one plain sentence.'),
});
export type ErrorDetail = z.infer<typeof errorDetailSchema>;

/** The body of every error answer of every service. */
export const errorBodySchema = z
  .object({
    kind: z.literal('Error'),
    code: z.string().describe('A stable CamelCase code; the table of codes says what each means.'),
    message: z.string(),
    details: z.array(errorDetailSchema),
    requestId: z.string().describe('Finds the request in the logs of every service that it passed.'),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBodySchema>;

interface ApiErrorOptions {
  details?: readonly ErrorDetail[];
  /** Headers of the answer, such as `Allow` or `Retry-After`. */
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** An answer that is an error: thrown by a handler, turned into status, headers and body in one place. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: readonly ErrorDetail[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = errorCodes[code].status;
    this.details = options.details ?? [];
    this.headers = options.headers ?? {};
  }
}

export function errorBody(error: ApiError, requestId: string): ErrorBody {
  return { kind: 'Error', code: error.code, message: error.message, details: [...error.details], requestId };
}
