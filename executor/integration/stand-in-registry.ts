import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface StandInRegistry {
  /** `127.0.0.1:port`, to which daemons speak plain HTTP. */
  readonly host: string;
  /** The received values of Authorization, in order. */
  readonly authorizations: string[];
  /** How many requests for a manifest came, GET or HEAD. */
  manifests(): number;
  /** Sets the status of later requests for a manifest. Undefined: they get the image. */
  answerWith(status: number | undefined): void;
  close(): Promise<void>;
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * The part of a registry that a pull needs (https://distribution.github.io/distribution/spec/api/): under every name the
 * same image of one layer. With `login` (`user:password`) it requires that login.
 */
export async function startStandInRegistry(layerTar: Buffer, login?: string): Promise<StandInRegistry> {
  const layer = gzipSync(layerTar, { level: 1 });
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(layerTar)] },
    }),
  );
  const part = (bytes: Buffer, mediaType: string) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: part(config, 'application/vnd.docker.container.image.v1+json'),
      layers: [part(layer, 'application/vnd.docker.image.rootfs.diff.tar.gzip')],
    }),
  );
  const blobs = new Map([config, layer].map((bytes) => [digestOf(bytes), bytes]));
  const authorizations: string[] = [];
  let asked = 0;
  let failure: number | undefined;

  const send = (response: ServerResponse, status: number, bytes: Buffer, headers: Record<string, string>): void => {
    response.writeHead(status, { ...headers, 'content-length': bytes.length }).end(bytes);
  };
  const refuse = (response: ServerResponse, status: number): void => {
    const code = status === 404 ? 'MANIFEST_UNKNOWN' : status === 401 ? 'UNAUTHORIZED' : 'UNKNOWN';
    const errors = Buffer.from(JSON.stringify({ errors: [{ code, message: 'so says the registry' }] }));
    const challenge = { ...(status === 401 && { 'www-authenticate': 'Basic realm="stand-in"' }) };
    send(response, status, errors, { 'content-type': 'application/json', ...challenge });
  };
  const answer = ({ url = '', headers: { authorization } }: IncomingMessage, response: ServerResponse): void => {
    if (authorization !== undefined) authorizations.push(authorization);
    if (login !== undefined && authorization !== `Basic ${Buffer.from(login).toString('base64')}`) {
      refuse(response, 401);
    } else if (url.includes('/manifests/')) {
      asked += 1;
      if (failure !== undefined) refuse(response, failure);
      else send(response, 200, manifest, { 'content-type': manifestType, 'docker-content-digest': digestOf(manifest) });
    } else {
      const blob = url === '/v2/' ? Buffer.from('{}') : blobs.get(url.slice(url.lastIndexOf('/') + 1));
      if (blob) send(response, 200, blob, { 'content-type': 'application/octet-stream' });
      else refuse(response, 404);
    }
  };

  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    authorizations,
    manifests: () => asked,
    answerWith: (status) => {
      failure = status;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
