import { z } from 'zod';
import type { RefusalKind } from '../../engine/refusals.js';

interface ErrorRow {
  /** The HTTP status of the answer. */
  status: number;
  /** What the error means for the caller. Printed in the documentation. */
  doc: string;
}

const table = {
  BadRequest: { status: 400, doc: 'The request is invalid; `details` lists every mistake.' },
  Unauthorized: { status: 401, doc: 'The token is missing or wrong.' },
  Forbidden: { status: 403, doc: 'The request is not allowed from this host or origin.' },
  NotFound: { status: 404, doc: 'The resource does not exist.' },
  MethodNotAllowed: {
    status: 405,
    doc: 'The path exists but does not support this method; `Allow` lists the methods that it supports.',
  },
  RequestTimeout: { status: 408, doc: 'The request was not received in time.' },
  Conflict: { status: 409, doc: 'The request conflicts with the current state.' },
  Gone: { status: 410, doc: 'The resource was removed; the message gives details.' },
  TooLarge: { status: 413, doc: 'The body exceeds the limit given in the message.' },
  UriTooLong: { status: 414, doc: 'The URL exceeds the limit given in the message.' },
  UnsupportedMediaType: { status: 415, doc: 'The content type is not supported; the message lists those that are.' },
  TooManyConnections: {
    status: 429,
    doc: 'Too many connections from one client; try again after `Retry-After` seconds.',
  },
  Internal: { status: 500, doc: 'An internal error; search the logs for the request id.' },
  Unavailable: { status: 503, doc: 'A required service is not available; try again after `Retry-After` seconds.' },
  StoreFull: { status: 503, doc: 'Redis has no room for new runs right now.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof table;

/** Every code that an error body can carry, with its HTTP status and meaning. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorRow>> = table;

/** One mistake in a request. `path` is empty if it concerns the whole request. */
export const errorDetailSchema = z.object({
  path: z
    .string()
    .describe('Location of the mistake, such as `jobs.first.dependsOn[0].job`; empty for the whole document.'),
  message: z.string().describe('What is wrong there, in one sentence.'),
  more: z
    .int()
    .optional()
    .describe('Only on a last entry that stands for further mistakes, which were only counted: their number.'),
});
export type ErrorDetail = z.infer<typeof errorDetailSchema>;

/** The body of every error answer of every service. */
export const errorBodySchema = z
  .object({
    kind: z.literal('Error'),
    code: z.string().describe('Stable error code; see the table of errors.'),
    refusal: z
      .string()
      .optional()
      .describe('Why the request was refused, more precisely than `code`; see the table of refusals.'),
    message: z
      .string()
      .describe(
        'For people; includes the first of `details`. The wording may change: programs read `code`, `refusal` and `details`.',
      ),
    details: z.array(errorDetailSchema).describe('Every mistake in the request, at most the first 100.'),
    requestId: z.string().describe('Id of the request, in the logs of every service that handled it.'),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBodySchema>;

interface ApiErrorOptions {
  refusal?: RefusalKind;
  details?: readonly ErrorDetail[];
  /** Extra headers of the answer, such as `Allow` or `Retry-After`. */
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** An error answer. Handlers throw it; one place turns it into status, headers and body. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly refusal: RefusalKind | undefined;
  readonly details: readonly ErrorDetail[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = errorCodes[code].status;
    this.refusal = options.refusal;
    this.details = options.details ?? [];
    this.headers = options.headers ?? {};
  }
}

export function errorBody({ code, refusal, message, details }: ApiError, requestId: string): ErrorBody {
  return { kind: 'Error', code, ...(refusal && { refusal }), message, details: [...details], requestId };
}
