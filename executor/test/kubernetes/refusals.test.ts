import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { noFaults } from '@chainr/core/engine/fault-points';
import type { KubernetesSettings } from '@chainr/core/pipeline/pipeline';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { makeKubernetesPlace, type KubernetesPlace } from '../../suite/kubernetes-place.js';
import { allow, attemptOf, runToEnd } from '../../suite/place.js';
import { ApiClient } from '../../src/kubernetes/api/api-client.js';
import { errorOf } from '../../src/kubernetes/api/api-error.js';
import type { KubernetesContext } from '../../src/kubernetes/context.js';
import { createPod } from '../../src/kubernetes/pod/create-pod.js';
import { refusalOf, type Created, type Refusal } from '../../src/kubernetes/pod/refusal.js';
import { PodBoard } from '../../src/kubernetes/watch/pod-board.js';
import type { Executor } from '../../src/port.js';

describe('what a refusal of the API server means for an attempt', () => {
  const refusal = (status: number, message: string, created: Created = 'pod'): Refusal | undefined =>
    refusalOf(errorOf(status, JSON.stringify({ kind: 'Status', reason: 'x', message }), undefined), 'builds', created);
  const secret = 'secrets "a-b-1" is forbidden: ';

  it('is that it waits while a quota is used up or not counted yet', () => {
    const used = 'exceeded quota: q, requested: count/secrets=1, used: count/secrets=5, limited: count/secrets=5';
    expect(refusal(403, secret + used, 'Secret')).to.deep.equal({
      kind: 'quota',
      message: `The quota of namespace builds has no room for its Secret: ${used}.`,
    });
    for (const why of ['exceeded quota: q', 'status unknown for quota: q, resources: pods']) {
      expect(refusal(403, `pods "a" is forbidden: ${why}`)).to.deep.equal({
        kind: 'quota',
        message: `The quota of namespace builds has no room for its pod: ${why}.`,
      });
    }
  });

  it('is that its Role lacks a right, only where the API server says so', () => {
    const missing = `${secret}User "system:serviceaccount:ci:work" cannot create resource "secrets" in API group "" in the namespace "builds"`;
    expect(refusal(403, missing, 'Secret')).to.deep.equal({
      kind: 'refused',
      message:
        'The worker (system:serviceaccount:ci:work) has no right to create secrets in the namespace builds: add it to its Role.',
    });
    for (const other of [
      `${secret}unable to create new content in namespace builds because it is being terminated`,
      'admission webhook "no.example.com" denied the request: no',
    ]) {
      const { kind, message } = refusal(403, other, 'Secret') ?? expect.fail('it was taken for an outage');
      expect(kind).to.equal('refused');
      expect(message).to.contain(other).and.not.contain('Role');
    }
  });

  const tooLarge: [number, string][] = [
    [413, 'Request entity too large: limit is 3145728'],
    [500, 'etcdserver: request is too large'],
    [500, 'rpc error: code = ResourceExhausted desc = trying to send message larger than max (2197232 vs. 2097152)'],
  ];
  for (const [status, words] of tooLarge) {
    it(`is that it is too large: ${String(status)} ${words}`, () => {
      const { kind, message } = refusal(status, words) ?? expect.fail('it was taken for an outage');
      expect(kind).to.equal('refused');
      expect(message).to.contain(`The cluster cannot store its pod, which is too large: ${words}. It can have`);
    });
  }

  it('is nothing where the server is busy or away', () => {
    for (const status of [401, 408, 409, 429, 500, 502, 503, 504]) {
      expect(refusal(status, 'etcdserver: request timed out'), String(status)).to.equal(undefined);
    }
  });
});

describe('the creation of a pod', () => {
  it('asks the API server to refuse fields that it does not know', async () => {
    const server = createServer((request, response) => {
      const isStrict = new URL(request.url ?? '', 'http://server').searchParams.get('fieldValidation') === 'Strict';
      const message = 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.a", unknown field "spec.b[0].c"'; // prettier-ignore
      response.writeHead(isStrict ? 400 : 201).end(JSON.stringify(isStrict ? { reason: 'BadRequest', message } : {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const access = () => Promise.resolve({ headers: {}, tls: {} });
    const url = new URL(`http://127.0.0.1:${String(port)}`);
    const api = new ApiClient({ server: url, namespace: 'builds', source: 'a test', access, forget: () => undefined });
    const board = new PodBoard(api, 'builds', () => 'one');
    const context = { api, reach: noFaults } as unknown as KubernetesContext;
    try {
      expect(await createPod(context, board, { metadata: { name: 'a' } }, allow)).to.deep.equal({
        kind: 'refused',
        message:
          'The API server does not know these fields of its pod: spec.a, spec.b[0].c. Correct them in the `kubernetes` settings of the job.',
      });
    } finally {
      api.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('a pod that the API server does not take', function () {
  this.timeout(30_000);
  let place: KubernetesPlace;
  let executor: Executor;
  // Before the hook of the stand-in, which is still needed here.
  after(async () => {
    await executor.close();
    await place.destroy();
  });
  const cluster = useKubernetes();
  before(async () => {
    place = await makeKubernetesPlace(cluster().kubeconfigFile);
    executor = place.open();
  });

  const outcomeWith = (kubernetes: KubernetesSettings) =>
    runToEnd(executor, { ...attemptOf('busybox', { run: 'true' }), kubernetes });

  it('ends its attempt with the misspelt fields of its settings', async () => {
    const nodeAffinity = { requiredDuringScheduling: {} };
    const outcome = await outcomeWith({ affinity: { nodeAffinity }, podPatch: { spec: { dnsConfig: { nameserver: ['10.0.0.1'] } } } }); // prettier-ignore
    expect(outcome.reason).to.equal('ConfigError');
    expect(outcome.message).to.match(/^The API server does not know these fields of its pod: /);
    expect(outcome.message).to.contain('spec.affinity.nodeAffinity.requiredDuringScheduling').and.contain('spec.dnsConfig.nameserver'); // prettier-ignore
  });

  it('ends its attempt where it is larger than etcd stores', async () => {
    const hostnames = Array.from({ length: 30_000 }, (_, index) => `host-${String(index)}.${'x'.repeat(50)}`);
    const outcome = await outcomeWith({ podPatch: { spec: { hostAliases: [{ ip: '10.0.0.1', hostnames }] } } });
    expect(outcome.reason).to.equal('ConfigError');
    expect(outcome.message).to.contain('too large: etcdserver: request is too large. It can have some 1.5 MB');
  });

  it('ends its attempt where it is larger than a request may be', async () => {
    const hostnames = Array.from({ length: 60_000 }, (_, index) => `host-${String(index)}.${'x'.repeat(50)}`);
    const outcome = await outcomeWith({ podPatch: { spec: { hostAliases: [{ ip: '10.0.0.1', hostnames }] } } });
    expect(outcome.reason).to.equal('ConfigError');
    expect(outcome.message).to.contain('too large: Request entity too large: limit is 3145728');
  });

  it('ends its attempt where its annotations are longer than those of an object may be', async () => {
    const annotations = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`a/${String(index)}`, 'x'.repeat(1_000)])); // prettier-ignore
    const outcome = await outcomeWith({ annotations });
    expect(outcome.reason).to.equal('ConfigError');
    expect(outcome.message).to.contain('metadata.annotations: Too long: may not be more than 262144 bytes');
  });
});
