import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { lives, seeLife, type SeenLife } from './recorded/lives.js';
import { namespaces } from './recorded/place.js';
import { openStandIn } from './recorded/stand-in.js';

const file = new URL('recorded/lives.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Record<string, SeenLife>;

describe('the stand-in of Kubernetes tells the life of a pod as a cluster did that', () => {
  const kubernetes = useKubernetes({ namespaces: [namespaces.open, namespaces.quota] });

  for (const life of lives) {
    it(life.title, async () => {
      expect(await seeLife(openStandIn(kubernetes()), life)).to.deep.equal(recorded[life.title]);
    });
  }
});
