import { routes } from '@chainr/core/api/contract/routes';
import type { ResourceList } from '@chainr/core/api/contract/run-resource';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

const resources: ResourceList = {
  kind: 'APIResourceList',
  metadata: { selfLink: routes.listResources.path },
  resources: {
    runs: { selfLink: routes.listRuns.path, description: 'Pipelines that were sent to be run.' },
    events: { selfLink: routes.readEvents.path, description: 'Every change of every run, in order.' },
    workers: { selfLink: routes.listWorkers.path, description: 'The workers; pause and drain.' },
    openapi: { selfLink: routes.getOpenApi.path, description: 'The description of this API.' },
  },
};

export function listResources() {
  return served(routes.listResources, ({ response }) => {
    sendJson(response, 200, resources);
  });
}
