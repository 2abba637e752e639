import { expect } from 'chai';
import { describe, it } from 'mocha';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from '@chainr/testkit/kubernetes/store/apply-patch';
import { schemaOf } from '@chainr/testkit/kubernetes/schema/schemas';

const pod = {
  metadata: { finalizers: ['a.dev/a', 'b.dev/b'], labels: { one: '1', two: '2' } },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'busybox',
        args: ['a', 'b'],
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
      { name: 'side', image: 'busybox' },
    ],
    tolerations: [{ key: 'a' }],
  },
};

describe('patches of the stand-in of Kubernetes', () => {
  const strategic = (patch: unknown) => applyStrategicPatch(pod, patch, schemaOf('Pod') ?? {}) as typeof pod;

  it('merge lists by the key that the schema of Kubernetes names', () => {
    const { spec } = strategic({
      spec: {
        containers: [
          {
            name: 'main',
            env: [
              { name: 'B', value: '3' },
              { name: 'C', value: '4' },
            ],
          },
        ],
      },
    });
    expect(spec.containers.map(({ name, image }) => [name, image])).to.deep.equal([
      ['main', 'busybox'],
      ['side', 'busybox'],
    ]);
    const values = Object.fromEntries((spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
    expect(values).to.deep.equal({ A: '1', B: '3', C: '4' });
  });

  it('replace lists that have no such key', () => {
    const { spec } = strategic({ spec: { tolerations: [{ key: 'b' }], containers: [{ name: 'main', args: ['c'] }] } });
    expect(spec.tolerations).to.deep.equal([{ key: 'b' }]);
    expect(spec.containers[0]?.args).to.deep.equal(['c']);
  });

  it('take off one value of a set, or add one, and leave the others', () => {
    const less = strategic({ metadata: { '$deleteFromPrimitiveList/finalizers': ['a.dev/a', 'none'] } });
    expect(less.metadata.finalizers).to.deep.equal(['b.dev/b']);
    const more = strategic({ metadata: { finalizers: ['c.dev/c', 'b.dev/b'] } });
    expect([...more.metadata.finalizers].sort()).to.deep.equal(['a.dev/a', 'b.dev/b', 'c.dev/c']);
  });

  it('delete and replace what a directive says', () => {
    const without = strategic({
      spec: { containers: [{ $patch: 'delete', name: 'side' }] },
      metadata: { labels: { one: null } },
    });
    expect(without.spec.containers.map(({ name }) => name)).to.deep.equal(['main']);
    expect(without.metadata.labels).to.deep.equal({ two: '2' });
    const replaced = strategic({ spec: { containers: [{ $patch: 'replace' }, { name: 'only', image: 'alpine' }] } });
    expect(replaced.spec.containers).to.deep.equal([{ name: 'only', image: 'alpine' }]);
    const labels = strategic({ metadata: { labels: { $patch: 'replace', three: '3' } } }).metadata.labels;
    expect(labels).to.deep.equal({ three: '3' });
  });

  it('follow RFC 7396 as a merge patch', () => {
    const patched = applyMergePatch(pod, {
      metadata: { finalizers: null, labels: { two: null, three: '3' } },
    }) as typeof pod;
    expect(patched.metadata).to.deep.equal({ labels: { one: '1', three: '3' } });
    expect(patched.spec).to.deep.equal(pod.spec);
  });

  it('follow RFC 6902 as a JSON patch', () => {
    const patched = applyJsonPatch(pod, [
      { op: 'test', path: '/metadata/labels/one', value: '1' },
      { op: 'replace', path: '/metadata/labels/one', value: 'changed' },
      { op: 'add', path: '/metadata/finalizers/-', value: 'c.dev/c' },
      { op: 'remove', path: '/metadata/finalizers/0' },
      { op: 'add', path: '/metadata/annotations', value: { 'a/b': '~' } },
      { op: 'copy', from: '/metadata/annotations/a~1b', path: '/metadata/annotations/c' },
      { op: 'move', from: '/metadata/labels/two', path: '/metadata/labels/three' },
    ]) as { metadata: object };
    expect(patched.metadata).to.deep.equal({
      finalizers: ['b.dev/b', 'c.dev/c'],
      labels: { one: 'changed', three: '2' },
      annotations: { 'a/b': '~', c: '~' },
    });
  });
});
