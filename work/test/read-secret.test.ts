import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { readConfig } from '../src/config.js';
import { readSecret } from '../src/attempt/read-secret.js';

describe('a secret of a worker', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-secrets-'));
    await mkdir(path.join(folder, 'here'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const read = (name: string, env: Record<string, string> = {}) =>
    readSecret(readConfig({ CHAINR_SECRETS_DIR: path.join(folder, 'here'), ...env }), name);
  const write = (name: string, content: string | Buffer) => writeFile(path.join(folder, 'here', name), content);

  it('is a file of its name, without the newline at its end', async () => {
    const contents = {
      plain: 'value',
      newline: 'value\n',
      dos: 'value\r\n',
      two: 'value\n\n',
      inner: 'a\nb',
      empty: '',
    };
    for (const [name, content] of Object.entries(contents)) await write(name, content);
    const values = await Promise.all(Object.keys(contents).map((name) => read(name)));
    expect(values.map((found) => ('value' in found ? found.value : found))).to.deep.equal([
      'value',
      'value',
      'value',
      'value\n',
      'a\nb',
      '',
    ]);
  });

  it('may be behind the links by which Kubernetes mounts its secrets, but not behind one that leads out', async () => {
    await mkdir(path.join(folder, 'here', '..2026_11_25'));
    await write('..2026_11_25/token', 'mounted');
    await symlink('..2026_11_25', path.join(folder, 'here', '..data'));
    await symlink('..data/token', path.join(folder, 'here', 'token'));
    expect(await read('token')).to.deep.equal({ value: 'mounted' });
    await writeFile(path.join(folder, 'outside'), 'not to be told');
    await symlink('../outside', path.join(folder, 'here', 'link'));
    expect(await read('link')).to.deep.equal({ refusal: 'is a link that leads out of CHAINR_SECRETS_DIR' });
    await symlink(folder, path.join(folder, 'here', 'up'));
    expect(await read('up')).to.have.property('refusal');
    expect(await read('..2026_11_25')).to.deep.equal({ refusal: 'is not a regular file in CHAINR_SECRETS_DIR' });
  });

  it('is a variable of the worker where a prefix is set, after the files', async () => {
    const env = { CHAINR_SECRETS_ENV: 'MY_', MY_DB_PASSWORD: 'from env', MY_BOTH: 'from env', MY_: 'no name' };
    await write('both', 'from file');
    expect(await read('db-password', env)).to.deep.equal({ value: 'from env' });
    expect(await read('both', env)).to.deep.equal({ value: 'from file' });
    expect(await read('db.password', { ...env, CHAINR_SECRETS_DIR: '' })).to.deep.equal({ value: 'from env' });
    expect(await read('db-password')).to.have.property('refusal');
  });

  it('is never a setting of chainr, and may have a name that is near to one', async () => {
    for (const prefix of ['CHAINR_', 'CHAINR_T', 'CHAINR_SECRET', 'C', '-x', 'A B'])
      expect(() => readConfig({ CHAINR_SECRETS_ENV: prefix, CHAINR_TOKEN: 'x' }), prefix).to.throw(
        'CHAINR_SECRETS_ENV',
      );
    const env = { CHAINR_SECRETS_ENV: 'CHAINR_SECRET_', CHAINR_SECRET_DIR: 'a secret' };
    expect(await read('dir', env)).to.deep.equal({ value: 'a secret' });
    expect(JSON.stringify(readConfig(env).secretVariables)).to.equal('{}');
    expect(() => readConfig({ CHAINR_SECRET_DIR: 'a slip' })).to.throw('did you mean CHAINR_SECRETS_DIR?');
  });

  it('that is not there is missed with what helps', async () => {
    const none = { CHAINR_SECRETS_DIR: '' };
    expect(await read('x', none)).to.deep.equal({
      refusal: 'cannot be read: this worker has no secrets; set its CHAINR_SECRETS_DIR or CHAINR_SECRETS_ENV',
    });
    expect(await read('my-key', { CHAINR_SECRETS_ENV: 'P_' })).to.deep.equal({
      refusal:
        'does not exist: give it to the worker as a file of that name in its CHAINR_SECRETS_DIR or its variable P_MY_KEY',
    });
    const gone = {
      ...readConfig({ CHAINR_SECRETS_DIR: path.join(folder, 'here') }),
      secretsDir: path.join(folder, 'nowhere'),
    };
    expect(await readSecret(gone, 'x')).to.have.property('refusal');
  });

  it('is first that which the executor has, byte for byte', async () => {
    await write('token', 'from file');
    const config = readConfig({ CHAINR_SECRETS_DIR: path.join(folder, 'here') });
    const place = { kubernetesSecret: 'ci', key: 'token' };
    const bytes = Buffer.from('of the cluster\n');
    expect(await readSecret(config, 'token', { bytes, place })).to.deep.equal({ value: 'of the cluster\n', place });
    expect(await readSecret(config, 'token', { bytes })).to.deep.equal({ value: 'of the cluster\n' });
    expect(await readSecret(config, 'token', { missing: 'a key' })).to.deep.equal({ value: 'from file' });
    expect(await readSecret(config, 'x', { missing: 'a key' })).to.deep.equal({
      refusal: 'does not exist: give it to the worker as a key or a file of that name in its CHAINR_SECRETS_DIR',
    });
    expect(await readSecret(readConfig({}), 'x', { missing: 'a key' })).to.deep.equal({
      refusal: 'does not exist: give it to the worker as a key',
    });
    expect(await readSecret(config, 'token', { refusal: 'is out' })).to.deep.equal({ refusal: 'is out' });
    const zero = { bytes: Buffer.from('a\0b'), place };
    expect(await readSecret(config, 'token', zero)).to.deep.equal({ refusal: 'contains a zero byte, which a variable cannot hold' }); // prettier-ignore
  });

  it('is refused where no variable could hold it, without a word of it', async () => {
    await write('zero', 'pass\0word');
    await write('binary', Buffer.from([0xff, 0xfe, 0x00]));
    await write('long', 'x'.repeat(200_000));
    const refusals = await Promise.all(['zero', 'binary', 'long'].map((name) => read(name)));
    expect(refusals.map((found) => ('refusal' in found ? found.refusal : 'found'))).to.deep.equal([
      'contains a zero byte, which a variable cannot hold',
      'is not valid UTF-8, so a variable cannot hold it',
      'is longer than a variable can be',
    ]);
  });
});
