import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { unlessStatus } from '../src/kubernetes/api/api-error.js';
import { podName } from '../src/kubernetes/names.js';
import { makePod } from '../src/kubernetes/pod/make-pod.js';
import type { PodJson } from '../src/kubernetes/pod/pod-json.js';
import { readPolicy } from '../src/kubernetes/policy/read-policy.js';
import type { AttemptSpec } from '../src/port.js';
import { allOutput, allow, attemptOf, never, runToEnd, textOf, withExecutor } from './place.js';
import type { KubernetesPlace } from './kubernetes-place.js';

/** What a shell, the kubelet and YAML would each change. */
const value = 'planted "value" $$ $(PLAIN) $HOME\nsecond line\n';
const encoded = Buffer.from(value).toString('base64');

/** How jobs get their secrets, on a cluster and on its stand-in. */
export function secretRows(makePlace: () => Promise<KubernetesPlace>): void {
  describe('of a job', () => {
    let place: KubernetesPlace;
    let namespace: string;
    before(async () => {
      place = await makePlace();
      namespace = place.pods.split('/')[4] ?? '';
      const body = { metadata: { name: 'secret-rows' }, data: { token: encoded } };
      await place.api.call('POST', `/api/v1/namespaces/${namespace}/secrets`, { body });
    });
    after(async () => {
      await place.api.call('DELETE', `/api/v1/namespaces/${namespace}/secrets/secret-rows`);
      await place.destroy();
    });

    const nameOf = (spec: AttemptSpec): string => podName(place.instance, spec);
    const podOf = (spec: AttemptSpec) => place.api.call<PodJson>('GET', `${place.pods}/${nameOf(spec)}`);
    const secretOf = (spec: AttemptSpec) => {
      const path = `/api/v1/namespaces/${namespace}/secrets/${nameOf(spec)}`;
      return unlessStatus([404], place.api.call<{ metadata: { ownerReferences?: { uid: string }[] } }>('GET', path));
    };
    const withSecret = (): AttemptSpec => {
      const env = { PLAIN: 'plain', TOKEN: value };
      const step = { run: 'printf "%s" "$TOKEN"; echo "$PLAIN"', env, secretNames: ['TOKEN'] };
      return attemptOf('busybox', step, step);
    };

    it('gives steps a secret of the worker, which stands in no pod, through a Secret that belongs to the pod', async () => {
      await withExecutor(place, async (executor) => {
        const spec = withSecret();
        const outcome = await runToEnd(executor, spec);
        expect(outcome.reason, outcome.message).to.equal('Completed');
        expect(textOf(await allOutput(executor, spec))).to.equal(`${value}plain\n`.repeat(2));
        const pod = await podOf(spec);
        for (const part of ['planted', encoded.slice(0, 12)]) expect(JSON.stringify(pod)).not.to.contain(part);
        expect((await secretOf(spec))?.metadata.ownerReferences?.map(({ uid }) => uid)).to.deep.equal([
          pod.metadata?.uid,
        ]);
        await executor.remove(spec, allow);
      });
    });

    it('creates the Secret for a worker that died after it created the pod', async () => {
      await withExecutor(place, async (executor) => {
        const spec = withSecret();
        const settings = { graceSeconds: 5, backstopSeconds: 1000 };
        const made = makePod({ instance: () => place.instance, settings, policy: readPolicy('') }, namespace, spec);
        await place.api.call('POST', place.pods, { body: 'pod' in made ? made.pod : expect.fail(made.refusal) });
        const outcome = await runToEnd(executor, { ...spec, starts: 2 });
        expect(outcome.reason, outcome.message).to.equal('Completed');
        expect(textOf(await allOutput(executor, spec))).to.equal(`${value}plain\n`.repeat(2));
        await executor.remove(spec, allow);
      });
    });

    it('waits while a quota has no room for the Secret, and then runs', async () => {
      const quotas = place.pods.replace(/pods$/, 'resourcequotas');
      const removeQuota = () => unlessStatus([404], place.api.call('DELETE', `${quotas}/no-secrets`));
      const body = { metadata: { name: 'no-secrets' }, spec: { hard: { 'count/secrets': '0' } } };
      await place.api.call('POST', quotas, { body });
      try {
        await withExecutor(place, async (executor) => {
          const spec = withSecret();
          await executor.ensure(spec, allow);
          const told: string[] = [];
          const removed: Promise<unknown>[] = [];
          const outcome = await executor.observe(
            spec,
            ({ reason, message }) => {
              if (reason !== 'QuotaExceeded') return;
              told.push(message ?? '');
              removed.push(removeQuota());
            },
            never(),
          );
          await Promise.all(removed);
          expect(told[0]).to.match(/^The quota of namespace \S+ has no room for its Secret: .*no-secrets/);
          expect(outcome.reason, outcome.message).to.equal('Completed');
          expect(textOf(await allOutput(executor, spec))).to.equal(`${value}plain\n`.repeat(2));
          await executor.remove(spec, allow);
        });
      } finally {
        await removeQuota(); // Else no other test could create a Secret.
      }
    });

    it('lets the cluster give a secret that it has, whether the policy names its Secret or the place of each', async () => {
      const missing = { missing: `the key absent of the Secret secret-rows in namespace ${namespace}` };
      const sources = [
        ['fromSecret: secret-rows', missing],
        ['named: { token: { secret: secret-rows, key: token } }', undefined],
      ] as const;
      for (const [source, ofAbsent] of sources) {
        const executor = place.open({ policy: readPolicy(`secrets: { ${source} }`) });
        try {
          const key = { kubernetesSecret: 'secret-rows', key: 'token' };
          const step = { run: 'printf "%s" "$TOKEN"', clusterEnv: { TOKEN: key }, secretNames: ['TOKEN'] };
          const spec = attemptOf('busybox', step);
          expect(await executor.readSecret?.('token', spec)).to.deep.equal({ bytes: Buffer.from(value), place: key });
          expect(await executor.readSecret?.('absent', spec)).to.deep.equal(ofAbsent);
          const elsewhere = { ...spec, kubernetes: { namespace: 'other' } };
          expect(await executor.readSecret?.('token', elsewhere)).to.deep.equal({ bytes: Buffer.from(value) });
          const outcome = await runToEnd(executor, spec);
          expect(outcome.reason, outcome.message).to.equal('Completed');
          expect(textOf(await allOutput(executor, spec))).to.equal(value);
          expect(await secretOf(spec)).to.equal(undefined);
          await executor.remove(spec, allow);
        } finally {
          await executor.close();
        }
      }
    });
  });
}
