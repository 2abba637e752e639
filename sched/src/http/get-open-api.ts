import { openApiDocument } from '@chainr/core/api/server/openapi';
import { routes } from '@chainr/core/api/contract/routes';
import { version } from '@chainr/core/service/version';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

/** Created at the first request: most instances never get one. */
export function getOpenApi() {
  let document: Record<string, unknown> | undefined;
  return served(routes.getOpenApi, ({ response }) => {
    document ??= openApiDocument(version);
    sendJson(response, 200, document);
  });
}
