import { routes } from '@chainr/core/api/contract/routes';
import type { ResourceList } from '@chainr/core/api/contract/run-resource';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

const resources: ResourceList = {
  kind: 'APIResourceList',
  metadata: { selfLink: routes.listResources.path },
  resources: {
    runs: { selfLink: routes.listRuns.path, description: 'Runs of pipelines.' },
    events: { selfLink: routes.readEvents.path, description: 'All changes of all runs, in order.' },
    workers: { selfLink: routes.listWorkers.path, description: 'The workers; pausing and draining.' },
    openapi: { selfLink: routes.getOpenApi.path, description: 'The OpenAPI description of this API.' },
  },
};

export function listResources() {
  return served(routes.listResources, ({ response }) => {
    sendJson(response, 200, resources);
  });
}
