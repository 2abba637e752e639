import { expect } from 'chai';
import { describe, it } from 'mocha';
import { attemptWith, podOf, refusalOf } from './made-pod.js';

const place = { kubernetesSecret: 'ci', key: 'token' };
const own = { env: { PLAIN: 'a', TOKEN: 'planted' }, secretNames: ['TOKEN'] };
const ofCluster = { clusterEnv: { TOKEN: place }, secretNames: ['TOKEN'] };

describe('the secrets of a pod', () => {
  it('are keys of the Secret with its name, one for each variable of each container', () => {
    const pod = podOf(attemptWith(undefined, own));
    const name = pod.metadata?.name;
    expect(JSON.stringify(pod)).not.to.contain('planted');
    const keys = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(({ env = [] }) => {
      expect(env).to.deep.include({ name: 'PLAIN', value: 'a' });
      const { secretKeyRef } = env.find((variable) => variable.name === 'TOKEN')?.valueFrom ?? {};
      expect(secretKeyRef?.name).to.equal(name);
      return secretKeyRef?.key;
    });
    expect(keys).to.deep.equal(['fetch.1', 'build.1', 'test.1']);
  });

  it('need no word in the policy where the worker gives them', () => {
    const { spec } = podOf(attemptWith(undefined, ofCluster));
    expect(spec?.containers[0]?.env).to.deep.include({ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'ci', key: 'token' } } }); // prettier-ignore
  });

  it('are no way to other keys, variables or containers of the same Secret', () => {
    const reference = (fields: object) => ({ valueFrom: { secretKeyRef: { name: 'ci', key: 'token', ...fields } } });
    const patched = (fields: object, container = 'test') => {
      const list = container === 'test' ? 'containers' : 'initContainers';
      return {
        podPatch: {
          spec: {
            [list]: [{ name: container, restartPolicy: container === 'side' ? 'Always' : undefined, ...fields }],
          },
        },
      };
    };
    const secure = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const ways = [
      patched({ env: [{ name: 'TOKEN', ...reference({ key: 'other' }) }] }),
      patched({ env: [{ name: 'OTHER', ...reference({}) }] }),
      patched({ envFrom: [{ secretRef: { name: 'ci' } }] }),
      patched({ image: 'busybox', securityContext: secure, env: [{ name: 'TOKEN', ...reference({}) }] }, 'side'),
      { volumes: [{ name: 'v', secret: { secretName: 'ci' } }] },
    ]; // prettier-ignore
    for (const settings of ways) {
      expect(refusalOf(attemptWith(settings, ofCluster)), JSON.stringify(settings)).to.contain('names "ci", which needs it in allow.secrets'); // prettier-ignore
    }
    const direct = { clusterEnv: { TOKEN: place } };
    expect(refusalOf(attemptWith(undefined, direct))).to.contain('names "ci", which needs it in allow.secrets');
  });
});
