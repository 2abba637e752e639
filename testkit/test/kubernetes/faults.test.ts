import { expect } from 'chai';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { untilFound } from '@chainr/testkit/until-found';
import { ask, createPod, podOf, podsPath, readPod } from './client.js';

const gated = { schedulingGates: [{ name: 'chainr.dev/table' }] };

describe('what a test lets go wrong at the API server of the stand-in of Kubernetes', () => {
  const kubernetes = useKubernetes();

  it('refuses the next requests of a kind, with the time to wait', async () => {
    kubernetes().refuse({ verb: 'create', resource: 'pods', times: 2 }, 429, 3);
    const pod = podOf('refused', 'true', {}, gated);
    const first = await ask(kubernetes(), 'POST', podsPath, pod);
    expect(first.status).to.equal(429);
    expect(first.headers.get('retry-after')).to.equal('3');
    expect(first.body.reason).to.equal('TooManyRequests');
    expect((await ask(kubernetes(), 'GET', podsPath)).status).to.equal(200);
    expect((await ask(kubernetes(), 'POST', podsPath, pod)).status).to.equal(429);
    expect((await ask(kubernetes(), 'POST', podsPath, pod)).status).to.equal(201);
  });

  it('leaves requests without an answer until it is started again', async () => {
    kubernetes().hang({ verb: 'get', resource: 'pods' });
    let ended = '';
    const hanging = readPod(kubernetes(), 'any').then(
      () => (ended = 'answered'),
      () => (ended = 'cut'),
    );
    await untilFound('the request to arrive', () => kubernetes().requests.get('get pods') ?? 0);
    expect((await ask(kubernetes(), 'GET', podsPath)).status).to.equal(200);
    expect(ended).to.equal('');
    await kubernetes().stopServer();
    await kubernetes().startServer();
    await hanging;
    expect(ended).to.equal('cut');
  });

  it('counts the requests by verb and resource', async () => {
    const counted = () => [
      kubernetes().requests.get('create pods') ?? 0,
      kubernetes().requests.get('delete pods') ?? 0,
    ];
    const [created = 0, deleted = 0] = counted();
    await createPod(kubernetes(), podOf('counted', 'true', {}, gated));
    await ask(kubernetes(), 'DELETE', `${podsPath}/counted`);
    expect(counted()).to.deep.equal([created + 1, deleted + 1]);
  });

  it('lets a webhook refuse a pod in its own words', async () => {
    kubernetes().addWebhook({
      name: 'names.example.com',
      deny: ({ metadata }) => (metadata.name === 'ugly' ? 'this name is ugly' : undefined),
    });
    const { status, body } = await ask(kubernetes(), 'POST', podsPath, podOf('ugly', 'true', {}, gated));
    expect(status).to.equal(403);
    expect(body.message).to.equal('admission webhook "names.example.com" denied the request: this name is ugly');
    expect((await ask(kubernetes(), 'POST', podsPath, podOf('pretty', 'true', {}, gated))).status).to.equal(201);
  });

  it('forgets a token', async () => {
    const token = kubernetes().addUser('reader', [{ verbs: ['list'], resources: ['pods'] }]);
    const reader = { url: kubernetes().url, token };
    expect((await ask(reader, 'GET', podsPath)).status).to.equal(200);
    expect((await ask(reader, 'GET', '/api/v1/namespaces/default/secrets')).status).to.equal(403);
    kubernetes().revokeToken(token);
    const { status, body } = await ask(reader, 'GET', podsPath);
    expect([status, body.reason]).to.deep.equal([401, 'Unauthorized']);
  });

  it('tells a user what it may do', async () => {
    const token = kubernetes().addUser('asker', [
      { verbs: ['get'], resources: ['pods/log'] },
      { verbs: ['create'], resources: ['selfsubjectaccessreviews'], apiGroups: ['authorization.k8s.io'] },
    ]);
    const may = async (verb: string) => {
      const attributes = { namespace: 'default', verb, group: '', resource: 'pods', subresource: 'log' };
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const { body } = await ask({ url: kubernetes().url, token }, 'POST', path, {
        spec: { resourceAttributes: attributes },
      });
      return (body['status'] as { allowed: boolean }).allowed;
    };
    expect([await may('get'), await may('list')]).to.deep.equal([true, false]);
  });

  it('gives lists in pages of one version', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) await createPod(kubernetes(), podOf(name, 'true', {}, gated));
    const names: string[] = [];
    const versions = new Set<unknown>();
    for (let next = ''; ;) {
      const { body } = await ask(kubernetes(), 'GET', `${podsPath}?limit=2&continue=${next}`);
      names.push(...(body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name));
      versions.add(body.metadata['resourceVersion']);
      const left = body.metadata['continue'] as string | undefined;
      if (left === undefined) break;
      next = left;
    }
    expect(names)
      .to.include.members(['page-a', 'page-b', 'page-c'])
      .and.to.deep.equal([...new Set(names)]);
    expect(versions.size).to.equal(1);
  });
});
