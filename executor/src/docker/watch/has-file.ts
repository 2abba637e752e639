import type Docker from 'dockerode';
import { posix } from 'node:path';
import { unless } from '../daemon-errors.js';

/**
 * Whether a container, running or not, has something at this absolute path. The daemon resolves links in the folders of
 * the path, and tells the target if the last part is a link itself. Linux follows 40 links; path_resolution(7).
 * https://docs.docker.com/reference/api/engine/ (ContainerArchiveInfo)
 */
export async function hasFile(docker: Docker, id: string, path: string): Promise<boolean> {
  let at = path;
  for (let links = 0; links <= 40; links += 1) {
    const answer = (await unless([404], docker.getContainer(id).infoArchive({ path: at }))) as ArchiveInfo | undefined;
    answer?.resume(); // There is no body, but the connection is free only after it was read.
    const stat = answer?.headers['x-docker-container-path-stat'];
    if (stat === undefined) return false;
    const { linkTarget } = JSON.parse(Buffer.from(stat, 'base64').toString()) as { linkTarget: string };
    if (linkTarget === '') return true;
    at = posix.resolve(posix.dirname(at), linkTarget);
  }
  return false;
}

interface ArchiveInfo {
  headers: Record<string, string | undefined>;
  resume: () => void;
}
