import type { z } from 'zod';
import { ApiError, type ErrorDetail } from './errors.js';

/**
 * The JSON body of a request as its route's schema makes it; an empty one stands for `{}`.
 *
 * @throws ApiError BadRequest that names every mistake
 */
export function parseBody<S extends z.ZodType>(body: Buffer, schema: S): z.output<S> {
  const checked = schema.safeParse(parseJson(body.toString('utf8')));
  if (checked.success) return checked.data;
  const details = checked.error.issues.map(({ path, message }): ErrorDetail => ({ path: path.join('.'), message }));
  throw new ApiError('BadRequest', `The body is not as it should be: ${details[0]?.message ?? ''}`, { details });
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
