import type { z } from 'zod';
import { addIssues, describeIssue } from '../../pipeline/checks/describe-issue.js';
import { firstOf, MistakeList } from '../../pipeline/mistakes.js';
import { ApiError } from '../contract/errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the JSON body of a request by its route's schema. An empty body counts as `{}`.
 *
 * @throws ApiError BadRequest whose details name the first 100 mistakes
 */
export function parseBody<S extends z.ZodType>(body: Uint8Array, schema: S): z.output<S> {
  const checked = schema.safeParse(parseJson(decode(body)), { error: describeIssue });
  if (checked.success) return checked.data;
  const mistakes = new MistakeList();
  addIssues(checked.error.issues, [], mistakes);
  const details = mistakes.list();
  throw new ApiError('BadRequest', `Invalid request body${firstOf(details)}`, { details });
}

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch (cause) {
    const message = 'The body is not valid UTF-8.';
    throw new ApiError('BadRequest', message, { details: [{ path: '', message }], cause });
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    throw new ApiError('BadRequest', `The body is not JSON: ${message}`, {
      details: [{ path: '', message }],
      cause: error,
    });
  }
}
