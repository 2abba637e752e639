import type { WriteGuard, AttemptSpec } from '../port.js';
import { refuseServices } from '../refuse-services.js';
import { refuseStep } from '../refuse-step.js';
import type { DockerContext } from './context.js';
import { createContainer, createTombstone, environmentOf } from './create-container.js';
import { reasonOf, statusOf } from './daemon-errors.js';
import type { Tombstone } from './look-at-step.js';
import { openWorkspace } from './open-workspace.js';
import { provideImage } from './pull-image.js';

interface Preparation {
  guard: WriteGuard;
  /** Reports the progress of a pull. */
  tell: (message: string) => void;
  signal: AbortSignal;
}

/**
 * Creates the container of a step. If it cannot be created as specified, a tombstone takes the name and says why, so
 * that everybody sees the same.
 * @returns the id of a container that only the caller starts; undefined if the caller must look again
 */
export async function prepareStep(
  context: DockerContext,
  spec: AttemptSpec,
  index: number,
  { guard, tell, signal }: Preparation,
): Promise<string | undefined> {
  const refusal = refuse(context, spec, index) ?? (await provideImage(context, spec, index, tell, signal));
  const created = refusal ?? (await create(context, spec, index, guard));
  if (typeof created === 'object') {
    guard();
    await createTombstone(context, spec, index, created);
    return undefined;
  }
  if (created !== undefined && index === 0) await openWorkspace(context, spec, created, guard);
  if (created !== undefined) context.reach('after-create');
  return created;
}

async function create(
  context: DockerContext,
  spec: AttemptSpec,
  index: number,
  guard: WriteGuard,
): Promise<string | Tombstone | undefined> {
  guard();
  try {
    return await createContainer(context, spec, index);
  } catch (error) {
    const status = statusOf(error);
    const message = reasonOf(error);
    const step = spec.steps[index];
    if (status === 404 && /no such image/i.test(message)) {
      if (step?.pull !== 'never') return undefined; // Somebody removed the image after the pull.
      return {
        reason: 'ImagePullFailed',
        message: `The image ${step.image} is not on this machine, and "pull" is never.`,
      };
    }
    const name = step?.name ?? '';
    const fault = status === 500 ? folderFault.exec(message)?.[1] : undefined;
    if (fault !== undefined)
      return { reason: 'ConfigError', message: `The workdir "${step?.workdir ?? ''}" of step "${name}" cannot be made: ${fault}.` }; // prettier-ignore
    if (status !== 400 && status !== 404) throw error;
    return { reason: 'ConfigError', message: `Step "${name}" cannot be created: ${message}.` };
  }
}

/**
 * How the daemon reports, with status 500, that a `workdir` cannot be created in the image: the words of mkdir(2) and
 * lstat(2) behind a path on its host, which is left out.
 */
const folderFault =
  /^(?:Cannot mkdir|lstat|mkdir|stat)\b.*?(not a directory|file name too long|too many levels of symbolic links)$/;

/** What may be part of a path of the daemon's API. The daemon itself reports other mistakes. */
const imageName = /^(?!.*\.\.)[A-Za-z0-9][\w.:/@+-]*$/;

function refuse({ networks }: DockerContext, spec: AttemptSpec, index: number): Tombstone | undefined {
  const step = spec.steps[index];
  if (!step) return undefined;
  const text = refuseServices(spec) ?? refuseStep(step, environmentOf(spec, index));
  if (text !== undefined) return { reason: 'ConfigError', message: text };
  if (!imageName.test(step.image)) {
    return {
      reason: 'ConfigError',
      message: `The image "${step.image}" of step "${step.name}" is not a valid image name.`,
    };
  }
  if (step.network === undefined || networks.includes(step.network)) return undefined;
  const allowed = networks.length === 0 ? 'none may be named' : networks.join(', ');
  const message = `The network "${step.network}" is not allowed here (${allowed}): CHAINR_DOCKER_NETWORKS of the worker says which are.`;
  return { reason: 'ConfigError', message };
}
