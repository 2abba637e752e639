import type { z } from 'zod';
import { ApiError } from '../contract/errors.js';

/**
 * Checks the parameters in the address of a request against the schema of its route.
 *
 * @throws ApiError NotFound: something that cannot exist, such as a malformed uid, is not found
 */
export function readParams<P extends z.ZodObject>(schema: P, params: Readonly<Record<string, unknown>>): z.output<P> {
  const read = schema.safeParse(params);
  if (read.success) return read.data;
  const wrong = String(read.error.issues[0]?.path[0]);
  const shown = JSON.stringify(String(params[wrong])).slice(0, 100);
  if (wrong === 'job') throw new ApiError('NotFound', `The run has no job ${shown}.`, { refusal: 'no-job' });
  if (wrong === 'uid') throw new ApiError('NotFound', `There is no run ${shown}.`, { refusal: 'no-run' });
  throw new ApiError('NotFound', `There is no ${wrong} ${shown}.`);
}
