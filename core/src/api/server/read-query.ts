import type { z } from 'zod';
import { suggestion } from '../../pipeline/did-you-mean.js';
import { firstOf } from '../../pipeline/mistakes.js';
import { describeIssue } from '../../pipeline/checks/describe-issue.js';
import { ApiError, type ErrorDetail } from '../contract/errors.js';
import { parseQuery, type SentQuery } from './parse-query.js';

/**
 * Checks the query of a request against the schema of its route.
 *
 * @param target the request target: path and query
 * @throws ApiError BadRequest whose details name every wrong or unknown parameter
 */
export function readQuery<Q extends z.ZodObject>(schema: Q, target: string): z.output<Q> {
  const query = parseQuery(target);
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(query).filter((name) => !known.includes(name));
  const read = schema.safeParse(query, { error: describeIssue });
  if (read.success && unknown.length === 0) return read.data;
  throw wrongQuery([
    ...unknown.map((name) => ({ path: name, message: unknownParameter(name, known) })),
    ...(read.error?.issues ?? []).flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? [] : [detailOf(issue, query)],
    ),
  ]);
}

/** @param details at least one */
function wrongQuery(details: readonly ErrorDetail[]): ApiError {
  return new ApiError('BadRequest', `Invalid query${firstOf(details)}`, { details });
}

function detailOf({ code, path, message }: z.core.$ZodIssue, query: SentQuery): ErrorDetail {
  const sent = query[String(path[0])];
  // Parameters that take several values have their own sentences.
  const several = Array.isArray(sent) && path.length === 1 && code !== 'custom';
  return { path: path.join('.'), message: several ? 'must be given once' : message };
}

function unknownParameter(key: string, known: readonly string[]): string {
  if (known.length === 0) return 'unknown parameter: there are none here';
  return `unknown parameter${suggestion(key, known)}`;
}
