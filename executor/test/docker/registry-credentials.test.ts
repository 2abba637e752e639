import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCredentials, registryOf } from '../../src/docker/start/registry-credentials.js';

describe('the registry of an image', () => {
  it('is the part before the first slash if that is a host, else Docker Hub', () => {
    const hub = 'https://index.docker.io/v1/';
    const expected = {
      busybox: hub,
      'busybox:1.36': hub,
      'library/busybox': hub,
      'docker.io/library/busybox': hub,
      'ghcr.io/some/image:1': 'ghcr.io',
      'localhost/image': 'localhost',
      'localhost:5000/image@sha256:0': 'localhost:5000',
      'registry:5000/image': 'registry:5000',
      '127.0.0.1:5000/image': '127.0.0.1:5000',
    };
    for (const [image, registry] of Object.entries(expected)) expect(registryOf(image), image).to.equal(registry);
  });
});

describe('the credentials for an image', () => {
  const before = { config: process.env['DOCKER_CONFIG'], path: process.env['PATH'] };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chainr-docker-config-'));
    process.env['DOCKER_CONFIG'] = folder;
  });
  afterEach(() => {
    if (before.config === undefined) delete process.env['DOCKER_CONFIG'];
    else process.env['DOCKER_CONFIG'] = before.config;
    process.env['PATH'] = before.path;
    rmSync(folder, { recursive: true });
  });

  const configure = (config: object): void => {
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  };
  const installHelper = (script: string): void => {
    const file = path.join(folder, 'docker-credential-some');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    process.env['PATH'] = `${folder}:${before.path ?? ''}`;
  };
  const failureOf = async (image: string): Promise<string> =>
    String(await readCredentials(image).catch((reason: unknown) => reason));

  it('are none without a login', async () => {
    expect(await readCredentials('ghcr.io/some/image')).to.equal(undefined);
    configure({ auths: { 'ghcr.io': {} } });
    expect(await readCredentials('ghcr.io/some/image')).to.equal(undefined);
    expect(await readCredentials('busybox')).to.equal(undefined);
  });

  it('are those of docker login, with colons in the password', async () => {
    configure({ auths: { 'ghcr.io': { auth: Buffer.from('some:pass:word').toString('base64') } } });
    expect(await readCredentials('ghcr.io/some/image')).to.deep.equal({
      username: 'some',
      password: 'pass:word',
      serveraddress: 'ghcr.io',
    });
  });

  it('may be a token', async () => {
    configure({ auths: { 'https://ghcr.io': { auth: '', identitytoken: 'some-token' } } });
    expect(await readCredentials('ghcr.io/image')).to.include({ identitytoken: 'some-token' });
  });

  it('may come from a helper, preferably that of the registry', async () => {
    installHelper(`printf '{"Username":"some","Secret":"%s"}' "$(cat)"`);
    configure({ credsStore: 'other', credHelpers: { 'ghcr.io': 'some' } });
    expect(await readCredentials('ghcr.io/image')).to.include({ username: 'some', password: 'ghcr.io' });
    installHelper(`echo '{"Username":"<token>","Secret":"some-token"}'`);
    expect(await readCredentials('ghcr.io/image')).to.include({ identitytoken: 'some-token' });
  });

  it('are none if the helper has none', async () => {
    installHelper(`echo 'credentials not found in native keychain'; exit 1`);
    configure({ credsStore: 'some' });
    expect(await readCredentials('busybox')).to.equal(undefined);
  });

  it('are never in an error', async () => {
    installHelper(`echo 'a-secret'; echo 'a-secret' >&2; exit 3`);
    configure({ credsStore: 'some' });
    expect(await failureOf('ghcr.io/image'))
      .to.contain('docker-credential-some')
      .and.not.contain('a-secret');
    installHelper(`echo 'a-secret, which is no JSON'`);
    expect(await failureOf('ghcr.io/image'))
      .to.contain('docker-credential-some')
      .and.not.contain('a-secret');
    configure({ credsStore: 'missing' });
    expect(await failureOf('ghcr.io/image')).to.contain('docker-credential-missing');
    writeFileSync(path.join(folder, 'config.json'), 'a-secret');
    expect(await failureOf('ghcr.io/image'))
      .to.contain('config.json')
      .and.not.contain('a-secret');
  });
});
