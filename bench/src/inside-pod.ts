import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

export interface PodLike {
  env: NodeJS.ProcessEnv;
  /** Words of a command that replaces itself by the one behind it. */
  within: readonly string[];
  close(): Promise<void>;
}

/** The command sees this folder as the one of its service account, and its own empty /run. Needs root. */
const enter = 'mount -t tmpfs none /run && mkdir -p "$1" && mount --bind "$2" "$1" && shift 2 && exec "$@"';
const serviceAccount = '/run/secrets/kubernetes.io/serviceaccount';

/** Lets a process reach a stand-in of Kubernetes as it would from inside of a pod: by its service account, over TLS. */
export async function insidePod(standIn: URL, token: string): Promise<PodLike> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-account-'));
  const [key, cert] = [path.join(folder, 'key'), path.join(folder, 'ca.crt')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2'];
  const names = ['-subj', '/CN=stand-in', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await promisify(execFile)('openssl', [...request, ...names]);
  const account = path.join(folder, 'account');
  await mkdir(account);
  await writeFile(path.join(account, 'ca.crt'), await readFile(cert));
  await writeFile(path.join(account, 'token'), token);
  await writeFile(path.join(account, 'namespace'), 'default');
  const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (socket) => {
    const onward = connect({ host: standIn.hostname, port: Number(standIn.port) });
    for (const each of [socket, onward]) {
      each.on('error', () => {
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) },
    within: ['unshare', '--mount', 'sh', '-c', enter, 'sh', serviceAccount, account],
    close: async () => {
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
