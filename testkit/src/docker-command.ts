import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The output lines of a `docker` command against a daemon; throws if it fails. */
export async function dockerCommand(socketPath: string, args: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)('docker', ['-H', `unix://${socketPath}`, ...args]);
  return stdout.trim().split('\n').filter(Boolean);
}
