import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import type { PlainMap } from '@chainr/core/pipeline/plain-values';
import { resolveSteps, type StepSpec } from '@chainr/core/pipeline/steps';
import type { KubernetesSettings } from '@chainr/core/pipeline/pipeline';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { unlessStatus } from '../src/kubernetes/api/api-error.js';
import { labels } from '../src/kubernetes/names.js';
import type { PodJson } from '../src/kubernetes/pod/pod-json.js';
import { readPolicy } from '../src/kubernetes/policy/read-policy.js';
import type { AttemptSpec } from '../src/port.js';
import { allOutput, allow, attemptOf, runToEnd, textOf, withExecutor } from '../suite/place.js';
import { makeKubernetesPlace, type KubernetesPlace } from '../suite/kubernetes-place.js';

const everything = readPolicy(`
allow:
  serviceAccounts: ['*']
  secrets: ['*']
  configMaps: ['*']
  priorityClasses: ['*']
  runtimeClasses: ['*']
`);

describe('the settings of a pod on a cluster', function () {
  this.timeout(300_000);
  let place: KubernetesPlace;
  let home: string;
  /** Another namespace, which enforces Pod Security "restricted". */
  let strict: string;
  before(async () => {
    place = await makeKubernetesPlace(testKubeconfig());
    home = place.pods.split('/')[4] ?? '';
    strict = `${home}-${randomUUID().slice(0, 8)}`;
    const metadata = { name: strict, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } };
    await place.api.call('POST', '/api/v1/namespaces', { body: { metadata } });
    const data = { key: 'of-the-cluster $(HOME) $$' };
    await place.api.call('POST', `/api/v1/namespaces/${home}/secrets`, { body: { metadata: { name: 'settings-test' }, stringData: data } }); // prettier-ignore
    await place.api.call('POST', `/api/v1/namespaces/${home}/configmaps`, { body: { metadata: { name: 'settings-test' }, data } }); // prettier-ignore
  });
  after(async () => {
    await place.destroy();
    for (const kind of ['secrets', 'configmaps']) {
      await unlessStatus([404], place.api.call('DELETE', `/api/v1/namespaces/${home}/${kind}/settings-test`));
    }
    await place.api.call('DELETE', `/api/v1/namespaces/${strict}`);
  });

  const withSettings = (spec: AttemptSpec, kubernetes: KubernetesSettings): AttemptSpec => ({ ...spec, kubernetes });
  const podsOf = async (namespace: string, { run }: AttemptSpec): Promise<PodJson[]> => {
    const query = { labelSelector: `${labels.run}=${run}` };
    return (await place.api.call<{ items: PodJson[] }>('GET', `/api/v1/namespaces/${namespace}/pods`, { query })).items;
  };

  it('are all accepted by the API server', async () => {
    const pod = withSettings(attemptOf('busybox', { run: 'ls -d /cache /extra' }), {
      serviceAccount: 'default',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'Exists' }] }],
          },
        },
      },
      imagePullSecrets: ['settings-test'],
      labels: { team: 'web' },
      annotations: { 'example.com/note': 'two words' },
      volumes: [{ name: 'cache', emptyDir: {} }],
      volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
      podPatch: {
        spec: {
          hostAliases: [{ ip: '10.0.0.1', hostnames: ['other'] }],
          volumes: [{ name: 'chainr-workspace', emptyDir: { sizeLimit: '1Gi' } }],
          containers: [{ name: 'main', volumeMounts: [{ name: 'cache', mountPath: '/extra' }] }],
        },
      },
    });
    const executor = place.open({ policy: everything });
    try {
      const outcome = await runToEnd(executor, pod);
      expect(outcome.reason, outcome.message).to.equal('Completed');
      expect(textOf(await allOutput(executor, pod))).to.equal('/cache\n/extra\n');
      const [found] = await podsOf(home, pod);
      expect(found?.metadata?.labels).to.include({ team: 'web', [labels.job]: pod.job });
      expect(found?.spec?.serviceAccountName).to.equal('default');
      expect(found?.spec?.hostAliases).to.deep.equal([{ ip: '10.0.0.1', hostnames: ['other'] }]);
      await executor.remove(pod, allow);
      expect((await podsOf(home, pod)).map(({ metadata }) => metadata?.finalizers)).to.deep.equal([]);
    } finally {
      await executor.close();
    }
  });

  it('give variables the values of Secrets and ConfigMaps', async () => {
    const clusterEnv = {
      ONE: { kubernetesSecret: 'settings-test', key: 'key' },
      TWO: { configMap: 'settings-test', key: 'key' },
    };
    const executor = place.open({ policy: everything });
    const spec = attemptOf('busybox', { run: 'echo "$ONE"; echo "$TWO"', clusterEnv });
    try {
      expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed' });
      expect(textOf(await allOutput(executor, spec))).to.equal('of-the-cluster $(HOME) $$\n'.repeat(2));
    } finally {
      await executor.close();
    }
  });

  it('are held against the policy before anything is created', async () => {
    await withExecutor(place, async (executor) => {
      const refused: [KubernetesSettings, string][] = [
        [{ serviceAccount: 'default' }, 'allow.serviceAccounts'],
        [{ podPatch: { spec: { hostNetwork: true } } }, 'allow.hostNetwork: true'],
        [{ podPatch: { spec: { restartPolicy: 'Always' } } }, 'spec.restartPolicy'],
        [{ namespace: strict }, `does not serve the namespace "${strict}", only ${home}`],
      ];
      for (const [settings, words] of refused) {
        const spec = withSettings(attemptOf('busybox', { run: 'true' }), settings);
        const outcome = await runToEnd(executor, spec);
        expect(outcome.reason).to.equal('ConfigError');
        expect(outcome.message).to.contain(words);
        expect([...(await podsOf(home, spec)), ...(await podsOf(strict, spec))]).to.deep.equal([]);
      }
    });
  });

  it('lead to another namespace that the worker serves, where the pod is found, stopped and removed', async () => {
    const namespaces = [home, strict];
    const executor = place.open({ namespaces });
    const other = place.open({ namespaces });
    try {
      const settings = { namespace: strict };
      const ended = withSettings(attemptOf('busybox', { run: 'echo here', user: '1000' }), settings);
      const outcome = await runToEnd(executor, ended);
      expect(outcome.reason, outcome.message).to.equal('Completed');
      expect(textOf(await allOutput(other, ended))).to.equal('here\n');
      const { run, job, attempt } = ended;
      expect(await executor.list()).to.deep.include({ run, job, attempt, alive: false });
      await other.remove({ run, job, attempt }, allow);
      expect(await podsOf(strict, ended)).to.deep.equal([]);

      const running = withSettings(attemptOf('busybox', { run: 'sleep 300', user: '1000' }), settings);
      await executor.ensure(running, allow);
      const seen = executor.observe(running, () => undefined, new AbortController().signal);
      await other.stop(running, 0, allow);
      expect((await seen).reason).not.to.equal('Completed');
      expect(await podsOf(home, running)).to.deep.equal([]);
      await other.remove({ run: running.run, job, attempt }, allow);

      const never = withSettings(attemptOf('busybox', { run: 'true' }), settings);
      await executor.stop(never, 0, allow);
      expect(await podsOf(strict, never)).to.have.length(1);
      expect(await runToEnd(executor, never)).to.include({ reason: 'Lost' });
      await executor.remove(never, allow);
    } finally {
      await executor.close();
      await other.close();
    }
  });

  it('say nothing of an attempt that may run where this worker does not serve', async () => {
    await withExecutor(place, async (executor) => {
      const spec = { ...withSettings(attemptOf('busybox', { run: 'true' }), { namespace: strict }), starts: 1 };
      for (const call of [() => runToEnd(executor, spec), () => executor.stop(spec, 0, allow)]) {
        const failed: unknown = await call().catch((error: unknown) => error);
        expect(String(failed)).to.contain(`does not serve the namespace "${strict}"`);
      }
    });
  });

  it('pass Pod Security "restricted" with a user other than root', async () => {
    const policy = { ...everything, runAsNonRoot: true };
    const executor = place.open({ namespaces: [strict], policy });
    try {
      const spec = attemptOf(
        'busybox',
        { run: 'echo "made by $(id -u)" > made; exit 3', user: '1000', continueOnError: true },
        { run: 'cat made; echo "tag=v1" >> "$CHAINR_OUTPUT"', user: '1000' },
      );
      const outcome = await runToEnd(executor, spec);
      expect(outcome.reason, outcome.message).to.equal('Completed');
      expect(outcome.outputs).to.deep.equal({ tag: 'v1' });
      expect(textOf(await allOutput(executor, spec))).to.equal('made by 1000\n');
      await executor.remove(spec, allow);
    } finally {
      await executor.close();
    }
  });

  it('let the pipeline of the README run where Pod Security "restricted" is enforced', async () => {
    const written = JSON.parse(
      await readFile(new URL('../../examples/readme.json', import.meta.url), 'utf8'),
    ) as PlainMap;
    const jobs = Object.entries(written['jobs'] as Record<string, object>);
    const checked = checkPipeline({ ...written, jobs: Object.fromEntries(jobs.map(([name, job]) => [name, { ...job, user: '1000' }])) }); // prettier-ignore
    if ('mistakes' in checked) expect.fail(JSON.stringify(checked.mistakes));
    const executor = place.open({ namespaces: [strict] });
    try {
      for (const job of checked.pipeline.jobs) {
        const spec = { ...attemptOf('busybox'), job: job.name, steps: resolveSteps(job) as StepSpec[] };
        const outcome = await runToEnd(executor, spec);
        expect(outcome.reason, `${job.name}: ${outcome.message ?? ''}`).to.equal('Completed');
        await executor.remove(spec, allow);
      }
    } finally {
      await executor.close();
    }
  });
});
