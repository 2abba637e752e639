import type { DockerContext } from '../context.js';
import { unless } from '../daemon-errors.js';
import { labels } from '../names.js';
import { killedCode } from '../watch/look-at-step.js';

/** The daemon's view of a container beside the steps: a service, or the holder of the network. */
export type ContainerSight =
  | { kind: 'missing' }
  /** Somebody else's container has the name. */
  | { kind: 'foreign' }
  /** It was never started; `refusal`: it cannot be. */
  | { kind: 'created'; id: string; refusal?: { exitCode: number; message: string } }
  | { kind: 'running'; id: string }
  | { kind: 'exited'; id: string; exitCode: number };

/** Throws if the daemon does not answer as expected. */
export async function lookAtContainer({ docker, instance }: DockerContext, name: string): Promise<ContainerSight> {
  const found = await unless([404], docker.getContainer(name).inspect());
  if (!found) return { kind: 'missing' };
  if (found.Config.Labels[labels.instance] !== instance()) return { kind: 'foreign' };
  const { Id: id, State: state } = found;
  const wasStarted = Date.parse(state.StartedAt) > 0;
  if (!wasStarted) {
    const { ExitCode: exitCode, Error: message } = state;
    return { kind: 'created', id, ...(message !== '' && { refusal: { exitCode, message } }) };
  }
  // It was running and is being removed by force: how it ends is not its own doing.
  const isRemoved = state.Status === 'removing' && state.ExitCode === killedCode;
  return state.Running || isRemoved ? { kind: 'running', id } : { kind: 'exited', id, exitCode: state.ExitCode };
}
