import type Docker from 'dockerode';
import { mainStep, type StepSpec } from '@chainr/core/pipeline/steps';
import { chainrVariables } from '../../chainr-variables.js';
import type { AttemptKey, AttemptSpec } from '../../port.js';
import { expandedCommand, scriptWords } from '../../step-words.js';
import type { DockerContext } from '../context.js';
import { statusOf, unless } from '../daemon-errors.js';
import { shell, type Tombstone } from '../watch/look-at-step.js';
import { attemptLabels, containerName, labels, networkHolderName, volumeName } from '../names.js';
import { memoryBytes, nanoCpus } from '../../quantities.js';

/** The path of the workspace in every step of an attempt. */
export const workspacePath = '/shared';

/**
 * The value of `CHAINR_OUTPUT` for a step: a file in the workspace, which outlives the container and can be written by
 * all.
 */
export const outputPath = (index: number): string => `${workspacePath}/.chainr-output.${String(index)}`;

/** Where a script is whose first line names its interpreter: in the workspace, as its outputs. */
const scriptPath = (index: number): string => `${workspacePath}/.chainr-script.${String(index)}`;

/** An empty image, for containers that only reserve a name. */
const emptyImage = 'chainr-tombstone:latest';
const emptyTar = Buffer.alloc(1024);

/**
 * @returns the new container's id; undefined if the name is taken
 * @throws with status 404 if the image is missing
 */
export async function createContainer(
  { docker, instance }: DockerContext,
  spec: AttemptSpec,
  index: number,
): Promise<string | undefined> {
  const step = spec.steps[index];
  if (!step) throw new Error(`${spec.job} has no step ${String(index)}`);
  const environment = environmentOf(spec, index);
  const options: Docker.ContainerCreateOptions = {
    name: containerName(instance(), spec, index),
    Image: step.image,
    ...whatRuns(step, index, environment),
    Env: [...environment].map(([name, value]) => `${name}=${value}`),
    Labels: {
      ...attemptLabels(instance(), spec),
      [labels.step]: String(index),
      [labels.steps]: String(spec.steps.length),
      ...(step.continueOnError && { [labels.tolerated]: '1' }),
    },
    ...(workdirOf(spec, step) !== undefined && { WorkingDir: workdirOf(spec, step) }),
    ...(step.user !== undefined && { User: step.user }),
    HostConfig: {
      // A signal that the first process of a container does not handle has no effect on it, so `run` gets an init. A
      // command is the first process, as in Kubernetes; the daemon then reports a command that cannot be executed.
      ...(step.run !== undefined && { Init: true }),
      ...networkOf(instance(), spec, step),
      ...limitsOf(step),
      LogConfig: localLog,
      Mounts: [
        {
          Type: 'volume',
          Source: volumeName(instance(), spec),
          Target: workspacePath,
          VolumeOptions: {
            NoCopy: false,
            Labels: attemptLabels(instance(), spec),
            DriverConfig: { Name: 'local', Options: {} },
          },
        },
      ],
    },
  };
  return createNamed(docker, options);
}

/**
 * Rotation silently loses output, even of an active reader (ADR 19). This driver keeps bytes as they are; json-file
 * replaces invalid UTF-8, also characters cut at the end of 16 KiB.
 */
export const localLog = { Type: 'local', Config: { 'max-size': '1000g', 'max-file': '1', compress: 'false' } };

/** With services, the network of the job is that of the holder. */
function networkOf(instance: string, spec: AttemptSpec, { network }: StepSpec): Pick<Docker.HostConfig, 'NetworkMode'> {
  if (spec.services) return { NetworkMode: `container:${networkHolderName(instance, spec)}` };
  return network === undefined ? {} : { NetworkMode: network };
}

/** Takes a step's name with a container that is never started. Does nothing if the name is taken. */
export async function createTombstone(
  { docker, instance }: DockerContext,
  key: AttemptKey,
  index: number,
  tombstone: Tombstone,
): Promise<void> {
  const options = {
    name: containerName(instance(), key, index),
    Image: emptyImage,
    Cmd: ['never'],
    Labels: {
      ...attemptLabels(instance(), key),
      [labels.step]: String(index),
      [labels.tombstone]: JSON.stringify(tombstone),
    },
    HostConfig: { NetworkMode: 'none' },
  };
  try {
    await createNamed(docker, options);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    await importEmptyImage(docker);
    await createNamed(docker, options);
  }
}

/** @returns the id; undefined if the name is taken */
export async function createNamed(docker: Docker, options: Docker.ContainerCreateOptions): Promise<string | undefined> {
  return (await unless([409], docker.createContainer(options)))?.id;
}

async function importEmptyImage(docker: Docker): Promise<void> {
  const [repo, tag] = emptyImage.split(':');
  const answer = await docker.importImage(emptyTar as unknown as string, { repo, tag });
  await new Promise<void>((resolve, reject) => {
    answer.on('end', resolve).on('error', reject).resume();
  });
}

/**
 * `command` replaces the image's entrypoint and `args` its command, as in Kubernetes. The daemon reads stdout and
 * stderr through separate pipes, which loses their order, so a script gets one pipe for both.
 */
function whatRuns(
  step: StepSpec,
  index: number,
  environment: ReadonlyMap<string, string>,
): Pick<Docker.ContainerCreateOptions, 'Entrypoint' | 'Cmd'> {
  if (step.run === undefined) {
    const { command, args } = expandedCommand(step, environment);
    return { ...(command && { Entrypoint: [...command], Cmd: [] }), ...(args && { Cmd: [...args] }) };
  }
  const { words, script, inFile } = scriptWords(step.run, step.shell, scriptPath(index));
  const start = inFile
    ? [`printf '%s' "$1" > ${scriptPath(index)} && shift && exec "$@" 2>&1`, 'sh', script]
    : ['exec "$@" 2>&1', 'sh'];
  return { Entrypoint: [shell, '-c', ...start, ...words], Cmd: [] };
}

/** Steps share the workspace and start in it. The container of a job without steps starts where its image says. */
function workdirOf({ steps }: AttemptSpec, { workdir }: StepSpec): string | undefined {
  if (workdir !== undefined) return workdir.startsWith('/') ? workdir : `${workspacePath}/${workdir}`;
  return steps.length > 1 || steps[0]?.name !== mainStep ? workspacePath : undefined;
}

export function limitsOf({ resources }: Pick<StepSpec, 'resources'>): Docker.HostConfig {
  const { cpu, memory } = resources?.limits ?? {};
  const bytes = memory === undefined ? undefined : memoryBytes(memory);
  return {
    // The same limit including swap; otherwise the same amount could be swapped out.
    ...(bytes !== undefined && { Memory: bytes, MemorySwap: bytes }),
    ...(cpu !== undefined && { NanoCpus: nanoCpus(cpu) }),
  };
}

/** The step's variables override everything but the `CHAINR_` ones. */
export function environmentOf(spec: AttemptSpec, index: number): Map<string, string> {
  const { name, env = {} }: Partial<StepSpec> = spec.steps[index] ?? {};
  const places = { workspace: workspacePath, output: outputPath(index) };
  return new Map([...Object.entries(env), ...chainrVariables(spec, name ?? '', places)]);
}
