import type { StepSpec } from '@chainr/core/pipeline/steps';
import { reasonOf, statusOf } from '../daemon-errors.js';
import type { Tombstone } from '../watch/look-at-step.js';

/**
 * Why a container can never be created, by the daemon's error; undefined if a new look may help.
 *
 * @param what the container, at the beginning of a sentence
 * @throws the error if it says nothing about the container
 */
export function creationFault(
  error: unknown,
  { image, pull, workdir = '' }: Pick<StepSpec, 'image' | 'pull' | 'workdir'>,
  what: string,
): Tombstone | undefined {
  const status = statusOf(error);
  const message = reasonOf(error);
  if (status === 404 && /no such image/i.test(message)) {
    if (pull !== 'never') return undefined; // Somebody removed the image after the pull.
    return { reason: 'ImagePullFailed', message: `The image ${image} is not on this machine, and "pull" is never.` };
  }
  if (status === 404 && /no such container/i.test(message)) {
    return { reason: 'Lost', message: 'The container that holds the network of its services has gone.' };
  }
  const fault = status === 500 ? folderFault.exec(message)?.[1] : undefined;
  if (fault !== undefined) {
    const lower = `${what.charAt(0).toLowerCase()}${what.slice(1)}`;
    return { reason: 'ConfigError', message: `The workdir "${workdir}" of ${lower} cannot be made: ${fault}.` };
  }
  if (status !== 400 && status !== 404) throw error;
  return { reason: 'ConfigError', message: `${what} cannot be created: ${message}.` };
}

/**
 * How the daemon reports, with status 500, that a `workdir` cannot be created in the image: the words of mkdir(2) and
 * lstat(2) behind a path on its host, which is left out.
 */
const folderFault =
  /^(?:Cannot mkdir|lstat|mkdir|stat)\b.*?(not a directory|file name too long|too many levels of symbolic links)$/;
