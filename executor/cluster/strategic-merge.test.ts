import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import type { PlainMap } from '@chainr/core/pipeline/plain-values';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { ApiClient } from '../src/kubernetes/api/api-client.js';
import { findCredentials } from '../src/kubernetes/api/credentials.js';
import { mergeRows } from '../suite/merge-rows.js';

interface Deployment {
  metadata: { name: string };
  spec: { template: { spec: PlainMap } };
}

/** Nothing of a pod may change but its template may: so a Deployment is asked, without storing anything. */
describe('a strategic merge patch, as the API server merges it', function () {
  this.timeout(60_000);
  let api: ApiClient;
  let path: string;
  before(async () => {
    const credentials = await findCredentials(testKubeconfig(), process.env);
    api = new ApiClient(credentials);
    path = `/apis/apps/v1/namespaces/${credentials.namespace}/deployments`;
  });
  after(() => api.close());

  for (const { name, pod, patch, expected } of mergeRows) {
    it(name, async () => {
      const labels = { app: 'chainr-merge-test' };
      const body = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: `merge-${randomUUID()}` },
        spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
      };
      const { metadata } = await api.call<Deployment>('POST', path, { body });
      try {
        const contentType = 'application/strategic-merge-patch+json';
        const query = { dryRun: 'All' };
        const change = { spec: { template: { spec: patch } } };
        const mentioned = new Set(fieldNames([pod, patch]));
        const place = `${path}/${metadata.name}`;
        const merged = await api.call<Deployment>('PATCH', place, { body: change, contentType, query });
        expect(withoutDefaults(merged.spec.template.spec, expected, mentioned)).to.deep.equal(expected);
      } finally {
        await api.call('DELETE', `${path}/${metadata.name}`);
      }
    });
  }
});

/** What the API server fills in, in fields that neither the pod nor its patch mention, is left out; and empty maps. */
function withoutDefaults(found: unknown, expected: unknown, mentioned: ReadonlySet<string>): unknown {
  if (Array.isArray(found) && Array.isArray(expected)) {
    return found.map((item, index) => withoutDefaults(item, expected[index], mentioned));
  }
  // An empty list is left out of the answer.
  if (found === undefined && Array.isArray(expected) && expected.length === 0) return [];
  if (typeof found !== 'object' || typeof expected !== 'object' || !found || !expected) return found;
  const [all, wanted] = [found as PlainMap, expected as PlainMap];
  const names = new Set([
    ...Object.keys(wanted),
    ...Object.keys(all).filter((key) => mentioned.has(key) && JSON.stringify(all[key]) !== '{}'),
  ]);
  return Object.fromEntries([...names].map((key) => [key, withoutDefaults(all[key], wanted[key], mentioned)]));
}

/** The names of all fields in a value. */
function* fieldNames(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, field] of Object.entries(value)) {
    if (!Array.isArray(value)) yield key;
    yield* fieldNames(field);
  }
}
