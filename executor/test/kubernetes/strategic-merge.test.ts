import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mergeRows } from '../../suite/merge-rows.js';
import { podMergeRules } from '../../src/kubernetes/patch/pod-merge-rules.js';
import { mergeStrategically } from '../../src/kubernetes/patch/strategic-merge.js';

describe('a strategic merge patch of a pod', () => {
  for (const { name, pod, patch, expected } of mergeRows) {
    it(name, () => {
      const mistakes: string[] = [];
      const merged = mergeStrategically({ spec: pod }, { spec: patch }, podMergeRules, (path) => mistakes.push(path));
      expect(mistakes).to.deep.equal([]);
      expect(merged['spec']).to.deep.equal(expected);
    });
  }

  it('changes metadata, and takes single finalizers off', () => {
    const metadata = { name: 'a', labels: { one: '1', two: '2' }, finalizers: ['x/a', 'x/b'] };
    const patch = {
      metadata: {
        labels: { two: null, three: '3' },
        '$deleteFromPrimitiveList/finalizers': ['x/a'],
        finalizers: ['x/c'],
      },
    };
    const merged = mergeStrategically({ metadata }, patch, podMergeRules, () => expect.fail('no mistake'));
    expect(merged['metadata']).to.deep.equal({
      name: 'a',
      labels: { one: '1', three: '3' },
      finalizers: ['x/c', 'x/b'],
    });
  });

  it('names everything that it does not understand', () => {
    const mistakes: string[] = [];
    const patch = {
      spec: {
        $patch: 'remove',
        '$setElementOrder/containers': [],
        '$deleteFromPrimitiveList/tolerations': [],
        volumes: [{ emptyDir: {} }, 'text', { $patch: 'delete' }],
        containers: [{ name: 'main', $retainKeys: 'image' }],
      },
    };
    const pod = { spec: { volumes: [{ name: 'a' }], containers: [{ name: 'main' }] } };
    mergeStrategically(pod, patch, podMergeRules, (path, mistake) => mistakes.push(`${path} ${mistake}`));
    expect(mistakes).to.deep.equal([
      'spec.$patch must be merge, replace or delete',
      'spec.$setElementOrder/containers is not a directive that chainr knows for this field',
      'spec.$deleteFromPrimitiveList/tolerations is not a directive that chainr knows for this field',
      'spec.volumes[0] needs "name", which says what it is merged with',
      'spec.volumes[1] must be a map',
      'spec.volumes[2] needs "name", which says what it is merged with',
      'spec.containers[main].$retainKeys must be a list of fields',
    ]);
  });
});
