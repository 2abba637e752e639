import type { ApiClient } from './api/api-client.js';
import { unlessStatus } from './api/api-error.js';

/** What a worker does in each of its namespaces, as in docs/kubernetes.md. Secrets are not a matter of every worker. */
const needed = ['create pods', 'delete pods', 'get pods', 'get pods/log', 'list pods', 'patch pods', 'watch pods'];

/**
 * The rights that a worker lacks in a namespace: `create pods`, `get pods/log`. Every user may ask for its own rights; where a
 * cluster has taken that away too, nothing is found, and a right that is missing is named when it is used.
 * https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
 */
export async function missingRights(api: ApiClient, namespace: string): Promise<string[]> {
  const answers = await Promise.all(
    needed.map(async (right) => {
      const [verb, resource, subresource] = right.split(/[ /]/);
      const spec = { resourceAttributes: { namespace, verb, resource, subresource } };
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec };
      const asked = api.call<{ status?: { allowed?: boolean } }>('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body }); // prettier-ignore
      const review = await unlessStatus([403, 404], asked);
      return review?.status?.allowed === false ? [right] : [];
    }),
  );
  return answers.flat();
}
