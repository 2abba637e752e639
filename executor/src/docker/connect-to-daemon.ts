import { within } from '@chainr/core/async/within';
import Docker from 'dockerode';

/** How long a daemon may take to answer the first request. */
const answerMs = 2_000;

/**
 * @param address `unix:///path`, `/path` or `tcp://host:port`; defaults to DOCKER_HOST, else /var/run/docker.sock. TLS
 * follows DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.
 */
export function connectToDaemon(address?: string): Docker {
  if (address?.startsWith('/')) return new Docker({ socketPath: address });
  if (address?.startsWith('unix://')) return new Docker({ socketPath: address.slice('unix://'.length) });
  if (address === undefined || address === '') return new Docker();
  const { hostname, port } = new URL(address);
  return new Docker({ host: hostname, port: Number(port || 2375) });
}

/** The daemon's id, or a sentence that says why there is none. */
export async function findDaemon(docker: Docker): Promise<{ id: string } | { absent: string }> {
  try {
    const { ID: id } = await within(answerMs, docker.info() as Promise<{ ID?: string }>, () => {
      throw new Error(`nothing within ${String(answerMs)} ms`);
    });
    return id ? { id } : { absent: 'the Docker daemon does not say its id' };
  } catch (error) {
    return { absent: `no Docker daemon answers (${error instanceof Error ? error.message : String(error)})` };
  }
}
