import { ApiError } from '@chainr/core/api/contract/errors';
import { routes } from '@chainr/core/api/contract/routes';
import type { SchedContext } from '../context.js';
import { served } from '../http/serve-routes.js';

/** The text goes out as it came in; it is a user's, so nothing may take it for a page. */
export function getPipeline({ store }: SchedContext) {
  return served(routes.getPipeline, async ({ params, response }) => {
    const source = await store.runs.getSource(params.uid);
    if (!source) throw new ApiError('NotFound', `There is no run ${JSON.stringify(params.uid)}.`);
    response.set({ 'Content-Type': `${source.contentType}; charset=utf-8`, 'X-Content-Type-Options': 'nosniff' });
    response.end(source.text);
  });
}
