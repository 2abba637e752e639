import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { dockerCommand } from '../../testkit/src/docker-command.js';
import { importNode } from '../../testkit/src/import-node.js';
import { startRedis, type TestRedis } from '../../testkit/src/redis.js';
import { untilFound } from '../../testkit/src/until-found.js';
import { useDockerDaemon } from '../../testkit/src/use-docker-daemon.js';

const execute = promisify(execFile);
const registry = 'registry.example/chainr';
const names = ['gate', 'sched', 'work', 'notif', 'recycle', 'ui'] as const;
type Name = (typeof names)[number];

/**
 * The base of these images has Node and its libraries: no shell and no other program. What goes into them is compiled
 * and laid out here, since no test can count on a registry of packages; the Dockerfile takes it as it is.
 */
describe('the images', function () {
  this.timeout(600_000);
  const used = useDockerDaemon();
  const docker = (...args: string[]) => dockerCommand(used.socketPath, args);
  let context: string;
  let redis: TestRedis;
  let sockets: string;

  const layOut = (folder: string, umask: string) => {
    const words = [process.execPath, '--import=tsx', 'scripts/package/lay-out-images.ts', `${folder}/image-files`];
    return execute('bash', ['-c', `umask ${umask} && exec "$@"`, 'bash', ...words]);
  };

  /** Undefined: the service does not answer yet. */
  const ask = (name: Name, method: string, url: string, body?: unknown) =>
    new Promise<{ status: number | undefined; text: string } | undefined>((resolve) => {
      const headers = { 'content-type': 'application/json' };
      const request = http.request({ socketPath: path.join(sockets, name), method, path: url, headers }, (response) => {
        text(response).then(
          (all) => resolve({ status: response.statusCode, text: all }),
          () => resolve(undefined),
        );
      });
      request.once('error', () => resolve(undefined));
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });

  const build = async (tag: string, env: Record<string, string> = {}): Promise<string[]> => {
    const { stdout } = await execute(path.resolve('scripts/build-images.sh'), {
      env: {
        ...process.env,
        DOCKER_HOST: `unix://${used.socketPath}`,
        BUILDER: 'docker',
        REGISTRY: registry,
        IMAGE_TAG: tag,
        CONTEXT: context,
        BASE: 'node-alone',
        BUILD_BASE: 'busybox',
        BUILD_FLAGS: '--network=none',
        ...env,
      },
    });
    return stdout.trim().split('\n');
  };
  /** Of an archive with all that a layer has: names, order, modes, times, links and contents. */
  const digestOf = async (folder: string): Promise<string> => {
    const words = [
      '--create',
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '-C',
      `${folder}/image-files`,
      './services',
      './page',
    ];
    const { stdout } = await execute('bash', ['-c', 'tar "$@" | sha256sum', 'tar', ...words]);
    return stdout;
  };

  before(async () => {
    await execute(path.resolve('scripts/build-if-stale.sh'));
    await importNode(used.socketPath, 'node-alone');
    context = await mkdtemp(path.join(tmpdir(), 'chainr-images-'));
    await layOut(context, '022');
    redis = await startRedis(['--unixsocketperm', '777']);
    await chmod(redis.folder, 0o755);
    sockets = await mkdtemp(path.join(tmpdir(), 'chainr-sockets-'));
    await chmod(sockets, 0o777);
  });

  after(async () => {
    await redis.stop();
    await rm(sockets, { recursive: true });
    await rm(context, { recursive: true });
  });

  it('are built under their names and tag, for a user without privileges', async () => {
    const printed = await build('1');
    expect(printed.map((line) => line.replace(/sha256:[0-9a-f]{64} \d+ MB/, 'DIGEST SIZE'))).to.deep.equal([
      `${registry}/services:1 DIGEST SIZE`,
      `${registry}/page:1 DIGEST SIZE`,
    ]);
    for (const image of ['services', 'page']) {
      const [config = '{}'] = await docker(
        'image',
        'inspect',
        '--format',
        '{{json .Config}}',
        `${registry}/${image}:1`,
      );
      expect(JSON.parse(config)).to.deep.include({ User: '65532:65532', WorkingDir: '/app' });
    }
  });

  it('are made of the same files, with the same modes and times, whenever they are laid out', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'chainr-images-'));
    try {
      await layOut(elsewhere, '077');
      expect(await digestOf(elsewhere)).to.equal(await digestOf(context));
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('contain no sources, tests, types or native code, and list their packages', async () => {
    const script = `
      const files = fs.readdirSync('/app', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const bad = files.map(({ parentPath, name }) => parentPath + '/' + name).filter((file) =>
        /\\.(ts|map|node|so)$|testkit|\\/fake\\/|\\/app\\/(bench|chaos)\\//.test(file) ||
        fs.readFileSync(file).subarray(0, 4).toString('latin1') === '\\x7fELF');
      const { components } = JSON.parse(fs.readFileSync('/app/sbom.cdx.json', 'utf8'));
      console.log(JSON.stringify({ bad, express: components.some(({ name }) => name === 'express') }));`;
    for (const image of ['services', 'page']) {
      const [printed = '{}'] = await docker(
        'run',
        '--rm',
        '--entrypoint',
        'node',
        `${registry}/${image}:1`,
        '--eval',
        script,
      );
      expect(JSON.parse(printed)).to.deep.equal({ bad: [], express: true });
    }
  });

  it('have the chainr command', async () => {
    const lines = await docker('run', '--rm', '--read-only', '--network', 'none', `${registry}/services:1`);
    expect(lines[0]).to.equal('Usage: chainr [options] [command]');
  });

  it('start every service with a read-only file system; a job runs; SIGTERM ends each one with 0', async () => {
    const { gid } = await stat(used.socketPath);
    const address = (name: Name) => `unix:/sockets/${name}`;
    const settings: Record<Name, string[]> = {
      gate: [
        'CHAINR_SCHED_URL=unix:/sockets/sched',
        'CHAINR_NOTIF_URL=unix:/sockets/notif',
        'CHAINR_UI_URL=unix:/sockets/ui',
      ],
      sched: ['CHAINR_DEFAULT_POOL=docker'],
      work: ['CHAINR_EXECUTOR=docker'],
      notif: [],
      recycle: [],
      ui: [],
    };
    for (const name of names) {
      const env = [`CHAINR_LISTEN=${address(name)}`, ...settings[name]];
      if (name !== 'gate' && name !== 'ui') env.push('CHAINR_REDIS_URL=unix:/redis/redis.sock');
      const limits = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--network=none'];
      const mounts = ['--volume', `${sockets}:/sockets`, '--volume', `${redis.folder}:/redis`];
      if (name === 'work')
        mounts.push('--volume', `${used.socketPath}:/var/run/docker.sock`, '--group-add', String(gid));
      const variables = env.flatMap((set) => ['--env', set]);
      const image = name === 'ui' ? [`${registry}/page:1`] : [`${registry}/services:1`, name];
      await docker('run', '--detach', '--name', name, ...limits, ...mounts, ...variables, ...image);
    }
    for (const name of names) {
      const look = async () => {
        const answer = await ask(name, 'GET', '/readyz');
        return answer?.status === 200 ? 'ready' : [answer, await docker('logs', name)];
      };
      await untilFound(`${name} to be ready`, look, (seen) => seen === 'ready');
    }
    expect((await ask('gate', 'GET', '/'))?.text).to.include('<html');

    const job = { image: 'busybox', pull: 'never', network: 'none', run: 'true' };
    const made = await ask('gate', 'POST', '/api/runs', { kind: 'Pipeline', jobs: { only: job } });
    expect(made, made?.text).to.include({ status: 202 });
    const { metadata } = JSON.parse(made?.text ?? '') as { metadata: { uid: string } };
    const run = async () => (await ask('gate', 'GET', `/api/runs/${metadata.uid}`))?.text ?? '';
    await untilFound('the run to end', run, (text) => text.includes('"status":"SUCCESSFUL"'));

    await docker('stop', '--time', '30', ...names);
    const codes = await docker('inspect', '--format', '{{.Name}} {{.State.ExitCode}}', ...names);
    expect(codes).to.deep.equal(names.map((name) => `/${name} 0`));
  });

  it('are not built where no builder is, and the reason is given', async () => {
    const programs = await mkdtemp(path.join(tmpdir(), 'chainr-programs-'));
    for (const program of ['bash', 'dirname', 'sed'])
      await symlink(`/usr/bin/${program}`, path.join(programs, program));
    const said = (env: Record<string, string>) => {
      const { status, stderr } = spawnSync(path.resolve('scripts/build-images.sh'), {
        env: { PATH: programs, ...env },
        encoding: 'utf8',
      });
      return [status, stderr.trim()];
    };
    try {
      expect(said({})).to.deep.equal([2, 'make images: no builder of images here: install Docker, Podman or Buildah.']);
      expect(said({ BUILDER: 'podman' })).to.deep.equal([
        2,
        'make images: podman, which BUILDER names, is not installed.',
      ]);
      expect(said({ BUILDER: 'kaniko' })).to.deep.equal([
        2,
        'make images: BUILDER=kaniko is not known: it is docker, podman or buildah.',
      ]);
    } finally {
      await rm(programs, { recursive: true });
    }
  });
});
