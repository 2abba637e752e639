import { pack } from 'tar-stream';
import type { AttemptSpec, WriteGuard } from '../port.js';
import type { DockerContext } from './context.js';
import { workspacePath } from './create-container.js';
import { unless } from './daemon-errors.js';

/**
 * A new volume is root's. Where a step is run by somebody else, everybody may write into it, as into /tmp; that is
 * done through the first step's container before it starts.
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

/** An image of a later step may not be there yet: then it is not known, and the workspace is opened. */
async function userOf(docker: DockerContext['docker'], image: string): Promise<string> {
  const found = await unless([400, 404], docker.getImage(image).inspect());
  return found ? found.Config.User : 'unknown';
}
