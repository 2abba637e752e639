import { routes } from '@chainr/core/api/contract/routes';
import { noRun } from '@chainr/core/usecases/refusal';
import type { SchedContext } from '../context.js';
import { refusalError } from '../http/refusal-error.js';
import { served } from '../http/serve-routes.js';

/** Returns the text as it was sent. It is a user's text, so browsers must not render it as a page. */
export function getPipeline({ store }: SchedContext) {
  return served(routes.getPipeline, async ({ params, response }) => {
    const source = await store.runs.getSource(params.uid);
    if (!source) throw refusalError(noRun(params.uid));
    response.set({ 'Content-Type': `${source.contentType}; charset=utf-8`, 'X-Content-Type-Options': 'nosniff' });
    response.end(source.text);
  });
}
