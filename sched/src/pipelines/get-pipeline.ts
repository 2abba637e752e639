import { ApiError } from '@chainr/core/api/contract/errors';
import { routes } from '@chainr/core/api/contract/routes';
import type { SchedContext } from '../context.js';
import { served } from '../http/serve-routes.js';

/** Returns the text as it was sent. It is a user's text, so browsers must not render it as a page. */
export function getPipeline({ store }: SchedContext) {
  return served(routes.getPipeline, async ({ params, response }) => {
    const source = await store.runs.getSource(params.uid);
    if (!source) throw new ApiError('NotFound', `There is no run ${JSON.stringify(params.uid)}.`);
    response.set({ 'Content-Type': `${source.contentType}; charset=utf-8`, 'X-Content-Type-Options': 'nosniff' });
    response.end(source.text);
  });
}
