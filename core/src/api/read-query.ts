import type { z } from 'zod';
import { suggestion } from '../model/did-you-mean.js';
import { ApiError, type ErrorDetail } from './errors.js';

/**
 * Checks the query of a request against the schema of its route.
 *
 * @throws ApiError BadRequest whose details name every parameter that is wrong or unknown
 */
export function readQuery<Q extends z.ZodObject>(schema: Q, query: unknown): z.output<Q> {
  const read = schema.safeParse(query);
  if (read.success) return read.data;
  const known = Object.keys(schema.shape);
  const details = read.error.issues.flatMap((issue): ErrorDetail[] => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: key, message: unknownParameter(key, known) }));
    return [{ path: issue.path.join('.'), message: issue.message }];
  });
  const message = details.map((detail) => `${detail.path}: ${detail.message}`).join('; ');
  const end = message.endsWith('?') ? '' : '.';
  throw new ApiError('BadRequest', `The query is not as it should be: ${message}${end}`, { details });
}

function unknownParameter(key: string, known: readonly string[]): string {
  if (known.length === 0) return 'there are no parameters here';
  return `there is no such parameter${suggestion(key, known)}`;
}
