import { LineSplitter } from '@chainr/core/async/line-splitter';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuthConfig } from 'dockerode';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import type { DockerContext } from '../context.js';
import { reasonOf, statusOf, unless } from '../daemon-errors.js';
import type { Tombstone } from '../watch/look-at-step.js';
import { PullProgress, PullRefused, type PullEvent } from './pull-progress.js';
import { readCredentials } from './registry-credentials.js';

/** The pauses before a failed pull is retried. */
const againMs = [1_000, 3_000, 6_000] as const;
/** Progress is reported at most this often. */
const tellEveryMs = 1_000;

/** What may be part of a path of the daemon's API. The daemon itself reports other mistakes. */
export const isImageName = (name: string): boolean => /^(?!.*\.\.)[A-Za-z0-9][\w.:/@+-]*$/.test(name);

/**
 * Provides the image of a container according to its `pull`.
 * @returns why it cannot be provided, or undefined if it is there
 */
export async function provideImage(
  context: DockerContext,
  { image, pull }: Pick<StepSpec, 'image' | 'pull'>,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<Tombstone | undefined> {
  if (pull === 'never') return undefined;
  // 400 means an invalid image name; the pull explains that better.
  if (pull !== 'always' && (await unless([400, 404], context.docker.getImage(image).inspect()))) return undefined;
  tell(`The image ${image} is being pulled.`);
  const deadline = performance.now() + context.pullPatienceMs;
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    const failure = await pullOnce(context, image, tell, signal);
    if (!failure) return undefined;
    const waitMs = againMs[Math.min(tries, againMs.length - 1)] ?? 0;
    if (performance.now() + waitMs > deadline) return failure;
    tell(`${failure.message} Trying again.`);
    await pause(waitMs, undefined, { signal });
  }
}

async function pullOnce(
  { docker }: DockerContext,
  image: string,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<Tombstone | undefined> {
  let authconfig: AuthConfig | undefined;
  try {
    authconfig = await readCredentials(image);
  } catch (error) {
    return { reason: 'ImagePullFailed', message: `The image ${image} cannot be pulled: ${reasonOf(error)}` };
  }
  try {
    const stream = await docker.pull(withTag(image), { abortSignal: signal, ...(authconfig && { authconfig }) });
    await follow(stream, image, tell);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return sortFailure(error, image);
  }
}

/**
 * Resolves when everything is pulled.
 * @throws the daemon's error in the stream
 */
async function follow(stream: NodeJS.ReadableStream, image: string, tell: (message: string) => void): Promise<void> {
  const progress = new PullProgress(image);
  const lines = new LineSplitter();
  let toldAt = performance.now();
  for await (const chunk of stream) {
    for (const line of lines.take(chunk as Buffer))
      if (line.trim() !== '') progress.take(JSON.parse(line) as PullEvent);
    if (performance.now() - toldAt < tellEveryMs) continue;
    toldAt = performance.now();
    tell(progress.sentence);
  }
}

/** Without a tag Docker pulls all tags of a name. */
function withTag(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? image : `${image}:latest`;
}

/**
 * A refusal by a registry is the fault of the pipeline or of credentials. A registry that does not answer has an
 * outage.
 */
function sortFailure(error: unknown, image: string): Tombstone {
  const said = reasonOf(error);
  const status = statusOf(error);
  // Without a status the error came during the pull, or the daemon itself went away.
  if (status === undefined && !(error instanceof PullRefused) && !/manifest|denied|not found/i.test(said)) throw error;
  const refused = /manifest|denied|unauthorized|not found|invalid reference|does not exist|no match|unsupported/i.test(
    said,
  );
  if (refused) return { reason: 'ImagePullFailed', message: `The image ${image} cannot be pulled: ${said}.` };
  return { reason: 'RegistryError', message: `The registry of ${image} failed: ${said}.` };
}
