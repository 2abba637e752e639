import { expect } from 'chai';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { ask, createPod, isOver, podOf, podsPath, readPod, untilPod } from './client.js';

const gated = { schedulingGates: [{ name: 'chainr.dev/table' }] };
const merge = 'application/merge-patch+json';

describe('what the stand-in of Kubernetes refuses', () => {
  const kubernetes = useKubernetes();
  const create = (pod: object) => ask(kubernetes(), 'POST', podsPath, pod);
  const annotated = (name: string, bytes: number): object => {
    const pod = podOf(name, 'true', {}, gated) as { metadata: object };
    Object.assign(pod.metadata, { annotations: { 'a/b': 'x'.repeat(bytes - 3) } });
    return pod;
  };

  it('annotations of more than 256 KiB, in the words of the API server', async () => {
    expect((await create(annotated('fits', 256 * 1024))).status).to.equal(201);
    const { status, body } = await create(annotated('annotated', 256 * 1024 + 1));
    const why = 'Too long: may not be more than 262144 bytes';
    expect([status, body.reason]).to.deep.equal([422, 'Invalid']);
    expect(body.message).to.equal(`Pod "annotated" is invalid: metadata.annotations: ${why}`);
    expect(body.details).to.deep.include({
      causes: [{ reason: 'FieldValueTooLong', message: why, field: 'metadata.annotations' }],
    });
    const patch = { metadata: { annotations: { more: 'x' } } };
    const patched = await ask(kubernetes(), 'PATCH', `${podsPath}/fits`, patch, merge);
    expect(patched.status).to.equal(422);
    expect(patched.body.message).to.contain(why);
  });

  it('an object that etcd does not take, new or changed', async () => {
    const large = (size: number) => [{ name: 'LARGE', value: 'x'.repeat(size) }];
    const { status, body } = await create(podOf('large', 'true', { env: large(1.6 * 1024 * 1024) }, gated));
    expect([status, body.message]).to.deep.equal([500, 'etcdserver: request is too large']);
    expect(await readPod(kubernetes(), 'large')).to.equal(undefined);
    const secrets = '/api/v1/namespaces/default/secrets';
    const data = { key: Buffer.alloc(700 * 1024).toString('base64') };
    expect((await ask(kubernetes(), 'POST', secrets, { metadata: { name: 'grows' }, data })).status).to.equal(201);
    const grown = await ask(kubernetes(), 'PATCH', `${secrets}/grows`, { data: { more: data.key } }, merge);
    expect([grown.status, grown.body.message]).to.deep.equal([500, 'etcdserver: request is too large']);
  });

  const unmodelled: Record<string, object> = {
    'spec.restartPolicy: OnFailure': podOf('any', 'true', {}, { restartPolicy: 'OnFailure' }),
    'spec.restartPolicy: Always': podOf('any', 'true', {}, { restartPolicy: 'Always' }),
    'spec.containers[0].readinessProbe': podOf('any', 'true', { readinessProbe: { exec: { command: ['true'] } } }),
    'spec.containers[0].livenessProbe': podOf('any', 'true', { livenessProbe: { exec: { command: ['true'] } } }),
    'spec.containers[0].lifecycle': podOf('any', 'true', { lifecycle: {} } as object),
    'spec.readinessGates': podOf('any', 'true', {}, { readinessGates: [{ conditionType: 'a/b' }] } as object),
    'spec.volumes[0].nfs': podOf('any', 'true', {}, { volumes: [{ name: 'a', nfs: { server: 'a', path: '/' } }] } as object), // prettier-ignore
  };
  for (const [field, pod] of Object.entries(unmodelled)) {
    it(`a pod that needs what it does not model: ${field}`, async () => {
      const { status, body } = await create(pod);
      expect([status, body.message]).to.deep.equal([501, `the stand-in of Kubernetes does not model ${field}`]);
    });
  }

  it('no pod that never runs, and no field that changes nothing', async () => {
    expect((await create(podOf('gated', 'true', {}, { ...gated, restartPolicy: 'Always' }))).status).to.equal(201);
    const hostAliases = [{ ip: '10.0.0.1', hostnames: ['other'] }];
    await createPod(kubernetes(), podOf('aliases', 'true', {}, { hostAliases } as object));
    expect((await untilPod(kubernetes(), 'aliases', 'to end', isOver)).status.phase).to.equal('Succeeded');
  });

  it('a pod above a quota of pods that run, but not above one of objects, once the first has ended', async () => {
    const quotas = '/api/v1/namespaces/default/resourcequotas';
    const limit = async (hard: object) => {
      await ask(kubernetes(), 'DELETE', `${quotas}/few`);
      expect((await ask(kubernetes(), 'POST', quotas, { metadata: { name: 'few' }, spec: { hard } })).status).to.equal(
        201,
      );
    };
    const { body } = await ask(kubernetes(), 'GET', podsPath);
    const stored = (body['items'] as { status: { phase: string } }[]).map(({ status }) => status.phase);
    const alive = stored.filter((phase) => phase === 'Pending' || phase === 'Running').length;
    await limit({ pods: String(alive + 1), 'count/pods': String(stored.length + 1) });
    await createPod(kubernetes(), podOf('counted', 'true'));
    await untilPod(kubernetes(), 'counted', 'to end', isOver);
    const { status, body: refusal } = await create(podOf('one-more', 'true'));
    expect(status).to.equal(403);
    expect(refusal.message)
      .to.contain('exceeded quota: few, requested: count/pods=1')
      .and.not.contain('pods=1, used: pods');
    await limit({ pods: String(alive + 1) });
    await createPod(kubernetes(), podOf('one-more', 'true'));
    await ask(kubernetes(), 'DELETE', `${quotas}/few`);
  });
});
