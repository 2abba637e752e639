import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';
import { NoAnswer } from '../../src/kubernetes/api/api-error.js';
import { findCredentials, type CredentialLimits, type Credentials } from '../../src/kubernetes/api/credentials.js';

describe('the credentials of a worker', () => {
  let folder = '';
  let kubeconfig = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-credentials-'));
    kubeconfig = path.join(folder, 'config');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const configOf = (user: object, { current = 'one', server = 'https://one.test:6443' } = {}) => ({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'one', cluster: { server } },
      { name: 'two', cluster: { server: 'https://two.test' } },
    ],
    users: [
      { name: 'me', user },
      { name: 'other', user: { token: 'of-two' } },
    ],
    contexts: [
      { name: 'one', context: { cluster: 'one', user: 'me', namespace: 'builds' } },
      { name: 'two', context: { cluster: 'two', user: 'other' } },
    ],
    'current-context': current,
  });
  const write = (user: object, more = {}) => writeFile(kubeconfig, JSON.stringify(configOf(user, more)));
  const find = (limits: Partial<CredentialLimits> = {}) => findCredentials(kubeconfig, {}, limits);
  const tokenOf = async (credentials: Credentials) =>
    (await credentials.access()).headers['authorization']?.replace('Bearer ', '');
  const failureOf = async (credentials: Credentials): Promise<NoAnswer> => {
    const failure = await credentials.access().then(() => expect.fail('it has them'), (error: unknown) => error); // prettier-ignore
    expect(failure).to.be.instanceOf(NoAnswer);
    return failure as NoAnswer;
  };

  /** A plugin that gives one token after the other, and counts its starts. */
  async function writePlugin(body = ''): Promise<object> {
    const command = path.join(folder, 'plugin');
    const status = '{ "token": "token-%s", "expirationTimestamp": "2999-01-01T00:00:00Z" }';
    const script = `#!/bin/sh\n${body}\necho x >> ${folder}/starts\nprintf '{ "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": ${status} }' $(wc -l < ${folder}/starts)\n`;
    await writeFile(command, script);
    await chmod(command, 0o755);
    return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command } };
  }

  it('are read again from a kubeconfig that changes while it runs', async () => {
    await write({ token: 'first' });
    const credentials = await find({ keptMs: 0 });
    expect(credentials).to.deep.include({ namespace: 'builds', source: kubeconfig });
    expect(await tokenOf(credentials)).to.equal('first');
    await write({ token: 'second' });
    expect(await tokenOf(credentials)).to.equal('second');
    await write({ username: 'a', password: 'b' });
    expect((await credentials.access()).headers).to.deep.equal({ authorization: `Basic ${btoa('a:b')}` });
  });

  it('are kept for a while, unless the API server does not accept them', async () => {
    await write({ token: 'first' });
    const credentials = await find();
    expect(await tokenOf(credentials)).to.equal('first');
    await write({ token: 'second' });
    expect(await tokenOf(credentials)).to.equal('first');
    credentials.forget();
    expect(await tokenOf(credentials)).to.equal('second');
    expect((await credentials.access()).tls).to.equal((await credentials.access()).tls);
  });

  it('are those of the context that was chosen at the start, and of no other cluster', async () => {
    await write({ token: 'first' });
    const credentials = await find({ keptMs: 0 });
    await write({ token: 'second' }, { current: 'two' });
    expect(await tokenOf(credentials)).to.equal('second');
    await write({ token: 'third' }, { server: 'https://elsewhere.test' });
    const { message, isUnsent } = await failureOf(credentials);
    expect(message).to.equal(
      `the credentials of ${kubeconfig} cannot be had: its context one no longer leads to https://one.test:6443: restart the worker to use another cluster`,
    );
    expect(isUnsent).to.equal(true);
    await writeFile(kubeconfig, 'clusters: [');
    expect((await failureOf(credentials)).message).to.contain(`the credentials of ${kubeconfig} cannot be had: `);
    await write({ token: 'fourth' });
    expect(await tokenOf(credentials)).to.equal('fourth');
  });

  it('of a plugin are asked for once, and again when they are not accepted', async () => {
    await write(await writePlugin());
    const credentials = await find({ keptMs: 0 });
    for (let round = 0; round < 3; round += 1) expect(await tokenOf(credentials)).to.equal('token-1');
    credentials.forget();
    for (let round = 0; round < 3; round += 1) expect(await tokenOf(credentials)).to.equal('token-2');
    expect(await readFile(path.join(folder, 'starts'), 'utf8')).to.equal('x\nx\n');
  });

  it('of a plugin that hangs are waited for no longer than a while, and had once it does not', async () => {
    // The end of the folder ends it too.
    const hanging = path.join(folder, 'hanging');
    await writeFile(hanging, '');
    await write(await writePlugin(`while [ -e ${hanging} ]; do sleep 0.05; done`));
    const credentials = await find({ readMs: 200 });
    const { message, isUnsent } = await failureOf(credentials);
    expect(message).to.equal(`the credentials of ${kubeconfig} cannot be had: nothing came for 0.2 s`);
    expect(isUnsent).to.equal(true);
    await rm(hanging);
    await untilFound('the credentials', async () => {
      const token = await tokenOf(credentials).catch(() => undefined);
      return token?.startsWith('token-');
    });
  });

  it('of a plugin that fails are missing, with what it says', async () => {
    await write(await writePlugin('echo "the session has expired: log in again" >&2; exit 1'));
    expect((await failureOf(await find())).message).to.contain('cannot be had: the session has expired: log in again');
    await write({ exec: { command: path.join(folder, 'no-such-plugin') } });
    expect((await failureOf(await find())).message).to.contain('ENOENT');
  });

  it('are missing at the start with a sentence', async () => {
    const refusal = async () => String(await find().catch((error: unknown) => error));
    expect(await refusal()).to.contain(`There is no kubeconfig ${kubeconfig}`);
    await write({ token: 'a' }, { current: 'nowhere' });
    expect(await refusal()).to.contain(`There is no current context in ${kubeconfig}`);
    await writeFile(kubeconfig, 'clusters: [');
    expect(await refusal()).to.contain(`The kubeconfig ${kubeconfig} cannot be read: `);
  });
});
