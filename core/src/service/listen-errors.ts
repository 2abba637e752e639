import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { formatAddress, type Address } from './address.js';

/** One sentence on why a server cannot listen, and the fix. */
export function listenError(address: Address, setting: string, error: NodeJS.ErrnoException): Error {
  const where =
    'socketPath' in address ? `the socket ${address.socketPath}` : `port ${address.port} of ${address.host}`;
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Cannot listen on ${where}: it is taken; stop what listens there, or choose another with ${setting}.`,
    EACCES: `Cannot listen on ${where}: this user may not; choose another with ${setting}.`,
    EADDRNOTAVAIL: `Cannot listen on ${where}: this machine does not have that address; correct ${setting}.`,
    ENOTFOUND: `Cannot listen on ${where}: there is no host of that name; correct ${setting}.`,
    ENOENT: `Cannot listen on ${where}: its folder does not exist; make it, or correct ${setting}.`,
  };
  const sentence = sentences[error.code ?? ''] ?? `Cannot listen on ${formatAddress(address)}: ${error.message}.`;
  return new Error(sentence, { cause: error });
}

/**
 * Removes a socket file that a dead process left behind; otherwise its path stays taken.
 *
 * @returns false if a living process listens there, or the path is not a socket
 */
export async function removeDeadSocket(socketPath: string): Promise<boolean> {
  const probe = connect(socketPath);
  try {
    await once(probe, 'connect');
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') return false;
    await rm(socketPath, { force: true });
    return true;
  } finally {
    probe.destroy();
  }
}
