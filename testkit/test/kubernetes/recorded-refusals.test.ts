import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { openStandIn } from './recorded/stand-in.js';
import { namespaces, normalize } from './recorded/place.js';
import { refusals } from './recorded/refusals.js';

const recorded = JSON.parse(readFileSync(new URL('recorded/refusals.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
>;

describe('the stand-in of Kubernetes answers as a cluster did when one asks to', () => {
  const kubernetes = useKubernetes({ namespaces: [namespaces.open, namespaces.quota] });

  for (const { title, run } of refusals) {
    it(title, async () => {
      const place = openStandIn(kubernetes());
      const replies = [await run(place)].flat().map(normalize);
      expect(replies).to.deep.equal(recorded[title]);
    });
  }
});
