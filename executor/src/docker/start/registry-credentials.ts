import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { AuthConfig } from 'dockerode';

/** The `config.json` of the docker command: https://docs.docker.com/reference/cli/docker/ */
interface DockerConfig {
  auths?: Record<string, { auth?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

const dockerHub = 'https://index.docker.io/v1/';
/** With this user name a helper says that the secret is a token. */
const tokenUser = '<token>';

/** The registry of an image name, in the form that `auths` uses. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return named && first !== 'docker.io' ? first : dockerHub;
}

/**
 * This user's credentials for the registry; undefined if there are none. The secret goes to the daemon and nowhere
 * else.
 */
export async function readCredentials(image: string): Promise<AuthConfig | undefined> {
  const config = await readConfig();
  const registry = registryOf(image);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  if (helper !== undefined) return askHelper(helper, registry);
  const { auth, identitytoken } = config.auths?.[registry] ?? config.auths?.[`https://${registry}`] ?? {};
  if (identitytoken) return { identitytoken, serveraddress: registry };
  if (!auth) return undefined;
  const [username = '', ...password] = Buffer.from(auth, 'base64').toString('utf8').split(':');
  return { username, password: password.join(':').replace(/\0+$/, ''), serveraddress: registry };
}

async function readConfig(): Promise<DockerConfig> {
  const folder = process.env['DOCKER_CONFIG'] ?? path.join(homedir(), '.docker');
  try {
    return JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8')) as DockerConfig;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new Error(
      `${folder}/config.json cannot be read: ${error instanceof SyntaxError ? 'it is not JSON' : String(error)}.`,
    );
  }
}

/**
 * The protocol of https://github.com/docker/docker-credential-helpers: the registry on standard input, JSON on standard
 * output.
 */
function askHelper(helper: string, registry: string): Promise<AuthConfig | undefined> {
  const program = `docker-credential-${helper}`;
  return new Promise((resolve, reject) => {
    const child = execFile(program, ['get'], { timeout: 10_000 }, (error, stdout) => {
      if (error && /credentials not found/i.test(stdout)) {
        resolve(undefined);
        return;
      }
      const answer = error ? undefined : parseAnswer(stdout);
      if (answer) {
        const { Username: username, Secret: password } = answer;
        const isToken = username === tokenUser;
        resolve({ ...(isToken ? { identitytoken: password } : { username, password }), serveraddress: registry });
      } else {
        const how = error ? String(error.code ?? error.signal) : 'its answer is no JSON of them';
        reject(new Error(`${program} gave no credentials for ${registry} (${how}).`));
      }
    });
    // A helper may exit without reading. Its exit code tells enough.
    child.stdin?.on('error', () => undefined).end(registry);
  });
}

/** Undefined if the answer is invalid. A parser's error would contain the secret. */
function parseAnswer(text: string): { Username: string; Secret: string } | undefined {
  try {
    const { Username, Secret } = JSON.parse(text) as { Username?: unknown; Secret?: unknown };
    return typeof Username === 'string' && typeof Secret === 'string' ? { Username, Secret } : undefined;
  } catch {
    return undefined;
  }
}
