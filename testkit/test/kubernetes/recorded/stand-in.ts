import type { StandInKubernetes } from '@chainr/testkit/kubernetes/start-kubernetes';
import { askAt } from './cluster.js';
import { limitedRules, limitedUser, namespaces, type Place } from './place.js';

const tokens = new WeakMap<StandInKubernetes, Map<string, string>>();

/** The stand-in as a place of the table, with its namespaces and users. */
export function openStandIn(kubernetes: StandInKubernetes): Place {
  const { url, token } = kubernetes;
  let users = tokens.get(kubernetes);
  if (!users) {
    kubernetes.createNamespace(namespaces.restricted, { 'pod-security.kubernetes.io/enforce': 'restricted' });
    users = new Map([
      ['nobody', kubernetes.addUser('nobody', [])],
      [limitedUser, kubernetes.addUser(limitedUser, [{ ...limitedRules[0]!, namespace: namespaces.open }])],
    ]);
    tokens.set(kubernetes, users);
  }
  const known = users;
  return {
    url,
    token,
    ask: (method, path, body, options = {}) => {
      const used = options.as === undefined ? token : (known.get(options.as) ?? '');
      return askAt(url, { authorization: `Bearer ${used}` }, method, path, body, options);
    },
  };
}
