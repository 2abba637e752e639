import type { StepSpec } from '@chainr/core/pipeline/steps';
import type { WriteGuard, AttemptSpec } from '../../port.js';
import { refuseStep } from '../../refuse-step.js';
import type { DockerContext } from '../context.js';
import { createContainer, createTombstone, environmentOf } from './create-container.js';
import { creationFault } from './creation-fault.js';
import type { Tombstone } from '../watch/look-at-step.js';
import { openWorkspace } from './open-workspace.js';
import { isImageName, provideImage } from './pull-image.js';
import { provideServices, type ServiceStart } from '../services/provide-services.js';

/**
 * Creates the container of a step, of the first one after the services are ready. If it cannot be created as specified, a tombstone takes the name and says why, so
 * that everybody sees the same.
 * @returns the id of a container that only the caller starts; undefined if the caller must look again
 */
export async function prepareStep(
  context: DockerContext,
  spec: AttemptSpec,
  index: number,
  start: ServiceStart,
): Promise<string | undefined> {
  const { guard, tell, signal } = start;
  const step = spec.steps[index];
  if (!step) throw new Error(`${spec.job} has no step ${String(index)}`);
  let refusal = refuse(context, spec, step, index);
  if (!refusal && index === 0 && spec.services) {
    const provided = await provideServices(context, spec, start);
    if (provided === 'again') return undefined;
    if (provided !== 'ready') refusal = provided;
  }
  refusal ??= await provideImage(context, step, (message) => { tell('PullingImage', message); }, signal); // prettier-ignore
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
    const step = spec.steps[index];
    if (!step) throw error;
    return creationFault(error, step, `Step "${step.name}"`);
  }
}

function refuse({ networks }: DockerContext, spec: AttemptSpec, step: StepSpec, index: number): Tombstone | undefined {
  const text = refuseStep(step, environmentOf(spec, index));
  if (text !== undefined) return { reason: 'ConfigError', message: text };
  if (!isImageName(step.image)) {
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
