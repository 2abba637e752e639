import { ApiError, type ErrorCode } from '@chainr/core/api/contract/errors';
import type { RefusalKind } from '@chainr/core/engine/refusals';
import type { Refusal } from '@chainr/core/usecases/refusal';

const codes: Record<RefusalKind, ErrorCode> = {
  'no-run': 'NotFound',
  'no-job': 'NotFound',
  'invalid-pipeline': 'BadRequest',
  'unknown-jobs': 'BadRequest',
  'key-reused': 'Conflict',
  'external-id-taken': 'Conflict',
  'client-gone': 'Unavailable',
  'nothing-failed': 'Conflict',
  'not-reusable': 'Conflict',
  'nothing-to-run': 'Conflict',
  live: 'Conflict',
  ended: 'Conflict',
  'log-open': 'Conflict',
  'not-failed': 'Conflict',
  'dependents-begun': 'Conflict',
  'too-many-dependents': 'Conflict',
};

/** The answer to a request of which the use case did nothing. */
export function refusalError({ kind, message, mistakes = [] }: Refusal): ApiError {
  return new ApiError(codes[kind], message, {
    refusal: kind,
    details: mistakes,
    ...(kind === 'log-open' && { headers: { 'Retry-After': '2' } }),
  });
}
