import type Docker from 'dockerode';
import type { AttemptSpec } from '../../port.js';
import { expandedCommand } from '../../step-words.js';
import type { DockerContext } from '../context.js';
import { createNamed, limitsOf, localLog } from '../start/create-container.js';
import { attemptLabels, labels, networkHolderName, serviceName } from '../names.js';

/**
 * The container whose network all others of an attempt with services share, as the containers of a pod do: so a service
 * is reached as `localhost`, also if it listens only there, and by its name, which stands in the hosts file that they
 * share too. It outlives any of them.
 *
 * @returns its id; undefined if the name is taken
 */
export async function createNetworkHolder(
  { docker, instance, helperImage }: DockerContext,
  spec: AttemptSpec,
): Promise<string | undefined> {
  const { services = [], steps } = spec;
  const network = steps[0]?.network;
  return createNamed(docker, {
    name: networkHolderName(instance(), spec),
    Image: helperImage,
    Entrypoint: ['sleep', longestSleepSeconds],
    Cmd: [],
    Labels: { ...attemptLabels(instance(), spec), [labels.network]: '1' },
    HostConfig: {
      ...(network !== undefined && { NetworkMode: network }),
      ExtraHosts: services.map(({ name }) => `${name}:127.0.0.1`),
      LogConfig: { Type: 'none', Config: {} },
    },
  });
}

/** 68 years. */
const longestSleepSeconds = '2147483647';

export function serviceEnvironment(spec: AttemptSpec, index: number): ReadonlyMap<string, string> {
  return new Map(Object.entries(spec.services?.[index]?.env ?? {}));
}

/**
 * @returns the new container's id; undefined if the name is taken
 * @throws with status 404 if the image is missing
 */
export async function createService(
  { docker, instance }: DockerContext,
  spec: AttemptSpec,
  index: number,
): Promise<string | undefined> {
  const service = spec.services?.[index];
  if (!service) throw new Error(`${spec.job} has no service ${String(index)}`);
  const environment = serviceEnvironment(spec, index);
  const { command, args } = expandedCommand(service, environment);
  const options: Docker.ContainerCreateOptions = {
    name: serviceName(instance(), spec, index),
    Image: service.image,
    ...(command && { Entrypoint: [...command], Cmd: [] }),
    ...(args && { Cmd: [...args] }),
    Env: [...environment].map(([name, value]) => `${name}=${value}`),
    Labels: { ...attemptLabels(instance(), spec), [labels.service]: String(index) },
    HostConfig: {
      NetworkMode: `container:${networkHolderName(instance(), spec)}`,
      ...limitsOf(service),
      LogConfig: localLog,
    },
  };
  return createNamed(docker, options);
}
