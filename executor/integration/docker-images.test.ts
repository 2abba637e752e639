import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packBusybox, startDockerDaemon, whyNoDocker, type DockerDaemon } from '@chainr/testkit/docker-daemon';
import type { Outcome } from '@chainr/core/engine/outcome';
import { connectToDaemon } from '../src/docker/connect-to-daemon.js';
import type { AttemptSpec, PhaseChange } from '../src/port.js';
import { allOutput, allow, attemptOf, never, runToEnd, textOf, withExecutor } from '../suite/place.js';
import { makeDockerPlace, type DockerPlace } from './docker-place.js';
import { startStandInRegistry, type StandInRegistry } from './stand-in-registry.js';

const why = whyNoDocker();
const password = 'a-password-that-nobody-may-see';

describe('the images of the docker executor', function () {
  this.timeout(120_000);
  let daemon: DockerDaemon;
  let place: DockerPlace;
  let registry: StandInRegistry;
  let locked: StandInRegistry;
  let folder: string;
  const configBefore = process.env['DOCKER_CONFIG'];
  before(async function () {
    if (why !== undefined) {
      console.log(`      left out: ${why}`);
      this.skip();
    }
    daemon = await startDockerDaemon();
    place = await makeDockerPlace(daemon.socketPath, { pullPatienceMs: 100 });
    const layer = await packBusybox();
    registry = await startStandInRegistry(layer);
    locked = await startStandInRegistry(layer, `somebody:${password}`);
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-docker-config-'));
    process.env['DOCKER_CONFIG'] = folder;
  });
  beforeEach(async () => {
    registry.answerWith(undefined);
    await login({});
  });
  after(async () => {
    if (why !== undefined) return;
    if (configBefore === undefined) delete process.env['DOCKER_CONFIG'];
    else process.env['DOCKER_CONFIG'] = configBefore;
    await place.destroy();
    await Promise.all([daemon.stop(), registry.close(), locked.close()]);
    await rm(folder, { recursive: true });
  });

  /** What `docker login` would have written. */
  const login = (auths: Record<string, string>): Promise<void> => {
    const entries = Object.entries(auths).map(([host, text]) => [host, { auth: Buffer.from(text).toString('base64') }]);
    return writeFile(
      path.join(folder, 'config.json'),
      JSON.stringify({ auths: Object.fromEntries(entries) as object }),
    );
  };

  const runAndHear = (spec: AttemptSpec): Promise<{ outcome: Outcome; changes: PhaseChange[] }> =>
    withExecutor(place, async (executor) => {
      const changes: PhaseChange[] = [];
      await executor.ensure(spec, allow);
      const outcome = await executor.observe(spec, (change) => changes.push(change), never());
      return { outcome, changes };
    });

  const expectNoSecret = (told: unknown): void => {
    const text = JSON.stringify(told);
    for (const secret of [password, Buffer.from(`somebody:${password}`).toString('base64')])
      expect(text).not.to.contain(secret);
  };

  it('says ImagePullFailed and names the image where it is not here and may not be pulled, to everybody', async () => {
    const image = `${registry.host}/never/pulled:1`;
    const spec = attemptOf(image, { run: 'true', pull: 'never' });
    const { outcome } = await runAndHear(spec);
    expect(outcome.reason).to.equal('ImagePullFailed');
    expect(outcome.message).to.contain(image);
    const second = await withExecutor(place, (executor) => executor.observe(spec, () => undefined, never()));
    expect(second).to.deep.equal(outcome);
    expect(registry.manifests()).to.equal(0);
  });

  it('pulls what is not here, says so, and pulls it no second time', async () => {
    const image = `${registry.host}/some/image`;
    const { outcome, changes } = await runAndHear(attemptOf(image, { run: 'true' }));
    expect(outcome).to.include({ reason: 'Completed' });
    const [first] = changes;
    expect(first).to.include({ reason: 'PullingImage', message: `The image ${image} is being pulled.` });
    const asked = registry.manifests();
    const again = await runAndHear(attemptOf(image, { run: 'true' }));
    expect(again.outcome).to.include({ reason: 'Completed' });
    expect(again.changes.map(({ reason }) => reason)).not.to.include('PullingImage');
    expect(registry.manifests()).to.equal(asked);
  });

  it('asks the registry each time where it shall always be pulled', async () => {
    const image = `${registry.host}/always/pulled:2`;
    const spec = () => attemptOf(image, { run: 'echo here', pull: 'always' });
    for (let turn = 0; turn < 2; turn += 1) {
      const asked = registry.manifests();
      const pulled = spec();
      expect((await runAndHear(pulled)).outcome).to.include({ reason: 'Completed' });
      expect(registry.manifests()).to.be.greaterThan(asked);
      expect(textOf(await withExecutor(place, (executor) => allOutput(executor, pulled)))).to.equal('here\n');
    }
    registry.answerWith(404);
    expect((await runAndHear(spec())).outcome.reason).to.equal('ImagePullFailed');
  });

  it('pulls the image of a later step when its turn comes', async () => {
    const [one, two] = [`${registry.host}/step/one:1`, `${registry.host}/step/two:1`];
    const spec = attemptOf(one, { run: 'echo 1' }, { run: 'echo 2', image: two });
    const { outcome, changes } = await runAndHear(spec);
    expect(outcome).to.include({ reason: 'Completed' });
    expect(changes.at(-1)).to.include({ reason: 'Executing' });
  });

  it('says ImagePullFailed where the registry does not know the image', async () => {
    registry.answerWith(404);
    const image = `${registry.host}/un/known:1`;
    const { outcome } = await runAndHear(attemptOf(image, { run: 'true' }));
    expect(outcome.reason).to.equal('ImagePullFailed');
    expect(outcome.message).to.contain(image);
  });

  it('says RegistryError where the registry fails, or is not there', async () => {
    for (const status of [500, 503]) {
      registry.answerWith(status);
      const { outcome } = await runAndHear(attemptOf(`${registry.host}/fails/${String(status)}:1`, { run: 'true' }));
      expect(outcome.reason, outcome.message).to.equal('RegistryError');
    }
    const { outcome } = await runAndHear(attemptOf('127.0.0.1:1/some/image:1', { run: 'true' }));
    expect(outcome.reason, outcome.message).to.equal('RegistryError');
  });

  it('tries a pull again for as long as it has patience', async () => {
    registry.answerWith(500);
    const patient = place.open({ pullPatienceMs: 20_000 });
    const spec = attemptOf(`${registry.host}/fails/first:1`, { run: 'true' });
    const messages: (string | undefined)[] = [];
    await patient.ensure(spec, allow);
    const outcome = await patient.observe(
      spec,
      ({ message }) => {
        messages.push(message);
        if (message?.includes('Trying again.')) registry.answerWith(undefined);
      },
      never(),
    );
    await patient.close();
    expect(outcome).to.include({ reason: 'Completed' });
    expect(messages.join('\n')).to.contain('Trying again.');
  });

  it('says ConfigError for what is no name of an image, and asks no registry', async () => {
    for (const image of ['No Such:Name', '../containers/json?all=1', '', 'größe', 'a/../b']) {
      const { outcome } = await runAndHear(attemptOf(image, { run: 'true' }));
      expect(outcome.reason, image).to.equal('ConfigError');
      expect(outcome.message).to.contain(`"${image}"`);
    }
    const { outcome } = await runAndHear(attemptOf('UpperCase:1', { run: 'true' }));
    expect(['ConfigError', 'ImagePullFailed']).to.include(outcome.reason);
  });

  it('logs in with what this user is logged in with, and tells nobody', async () => {
    await login({ [locked.host]: `somebody:${password}` });
    const { outcome, changes } = await runAndHear(attemptOf(`${locked.host}/private/image:1`, { run: 'env' }));
    expect(outcome).to.include({ reason: 'Completed' });
    expect(locked.authorizations).to.include(`Basic ${Buffer.from(`somebody:${password}`).toString('base64')}`);
    expectNoSecret({ outcome, changes });
  });

  it('says ImagePullFailed without the right password, and tells nobody the wrong one', async () => {
    for (const auths of [{}, { [locked.host]: `anybody:${password}` }]) {
      await login(auths);
      const { outcome, changes } = await runAndHear(attemptOf(`${locked.host}/private/other:1`, { run: 'true' }));
      expect(outcome.reason, outcome.message).to.equal('ImagePullFailed');
      expectNoSecret({ outcome, changes });
    }
  });

  it('says ImagePullFailed where the login cannot be read', async () => {
    await writeFile(path.join(folder, 'config.json'), JSON.stringify({ credsStore: 'missing' }));
    const { outcome } = await runAndHear(attemptOf(`${locked.host}/private/third:1`, { run: 'true' }));
    expect(outcome.reason).to.equal('ImagePullFailed');
    expect(outcome.message).to.contain('docker-credential-missing');
    await writeFile(path.join(folder, 'config.json'), password);
    const unreadable = await runAndHear(attemptOf(`${locked.host}/private/third:1`, { run: 'true' }));
    expect(unreadable.outcome.message).to.contain('config.json');
    expectNoSecret(unreadable);
  });

  it('sends no credentials to another registry', async () => {
    await login({ [locked.host]: `somebody:${password}` });
    await runAndHear(attemptOf(`${registry.host}/public/image:1`, { run: 'true' }));
    expect(registry.authorizations).to.deep.equal([]);
  });

  it('pulls an image again that somebody has removed', async () => {
    const image = `${registry.host}/removed/image:1`;
    await runAndHear(attemptOf(image, { run: 'true' }));
    const docker = connectToDaemon(daemon.socketPath);
    await docker.getImage(image).remove({ force: true });
    const outcome = await withExecutor(place, (executor) => runToEnd(executor, attemptOf(image, { run: 'true' })));
    expect(outcome).to.include({ reason: 'Completed' });
  });
});
