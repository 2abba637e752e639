import { pack } from 'tar-stream';
import type { AttemptSpec, WriteGuard } from '../../port.js';
import type { DockerContext } from '../context.js';
import { workspacePath } from './create-container.js';
import { unless } from '../daemon-errors.js';

/**
 * A new volume belongs to root. If a step runs as another user, the workspace becomes writable by everybody, like /tmp.
 * This is done through the first step's container before it starts.
 */
export async function openWorkspace(
  { docker }: DockerContext,
  spec: AttemptSpec,
  id: string,
  guard: WriteGuard,
): Promise<void> {
  if (!spec.steps.some(({ user }) => user !== undefined)) {
    const images = await Promise.all(
      [...new Set(spec.steps.map(({ image }) => image))].map((image) => userOf(docker, image)),
    );
    if (images.every((user) => user === '')) return;
  }
  const archive = pack();
  archive.entry({ name: workspacePath.slice(1), type: 'directory', mode: 0o1777 });
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  guard();
  await docker.getContainer(id).putArchive(Buffer.concat(parts), { path: '/' });
}

/** The image of a later step may not be there yet. Its user is then unknown, and the workspace is opened. */
async function userOf(docker: DockerContext['docker'], image: string): Promise<string> {
  const found = await unless([400, 404], docker.getImage(image).inspect());
  return found ? found.Config.User : 'unknown';
}
