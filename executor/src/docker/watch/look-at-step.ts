import type Docker from 'dockerode';
import type { OutcomeReason } from '@chainr/core/engine/outcome';
import type { AttemptKey } from '../../port.js';
import type { DockerContext } from '../context.js';
import { unless } from '../daemon-errors.js';
import { hasFile } from './has-file.js';
import { containerName, labels } from '../names.js';

/** Why a name was reserved by a container that is never started. */
export interface Tombstone {
  reason: OutcomeReason;
  message: string;
}

/** The daemon's view of a step's container. Times are milliseconds since 1970 by the clock of its host. */
export type StepSight =
  | { kind: 'missing' }
  | { kind: 'tombstone'; tombstone: Tombstone }
  /** It was never started; `refusal`: it cannot be. */
  | { kind: 'created'; id: string; refusal?: { exitCode: number; message: string }; ending: StepEnding }
  | { kind: 'running'; id: string; startedAt: number; ending: StepEnding }
  | {
      kind: 'exited';
      id: string;
      startedAt: number;
      endedAt: number;
      exitCode: number;
      outOfMemory: boolean;
      /** Its script never began: the image has no /bin/sh. */
      withoutShell: boolean;
      ending: StepEnding;
    };

/** Whether something of the attempt follows the step. */
export interface StepEnding {
  tolerated: boolean;
  last: boolean;
}

/** The shell that runs `run`. */
export const shell = '/bin/sh';
/** The exit code of a process killed by SIGKILL. */
export const killedCode = 137;
/** The exit code of an init that cannot find its program. A script may exit with it too. */
const notFoundCode = 127;

/** Inspects the container with the step's name. Throws if the daemon does not answer as expected. */
export async function lookAtStep(context: DockerContext, key: AttemptKey, step: number): Promise<StepSight> {
  const name = containerName(context.instance(), key, step);
  const found = await unless([404], context.docker.getContainer(name).inspect());
  if (!found) return { kind: 'missing' };
  const { [labels.instance]: instance, [labels.tombstone]: tombstone, ...named } = found.Config.Labels;
  if (instance !== context.instance()) {
    return {
      kind: 'tombstone',
      tombstone: { reason: 'ConfigError', message: `Its container name ${name} is already used by another container.` },
    };
  }
  if (tombstone !== undefined) return { kind: 'tombstone', tombstone: JSON.parse(tombstone) as Tombstone };
  const ending = {
    tolerated: named[labels.tolerated] === '1',
    last: Number(named[labels.step]) + 1 === Number(named[labels.steps]),
  };
  const { Id: id, State: state } = found;
  const startedAt = Date.parse(state.StartedAt);
  // A container that is being removed (`removing`, or `dead` if that failed) has code 0, whether it was started or not.
  const status = state.Status !== 'created' && startedAt <= 0 ? 'created' : state.Status;
  const { ExitCode: exitCode, OOMKilled: outOfMemory } = state;
  // It was running and is being removed by force. It counts as Deleted once it is gone.
  if (status === 'removing' && exitCode === killedCode) return { kind: 'running', id, startedAt, ending };
  switch (status) {
    case 'created': {
      const refusal = state.Error === '' ? {} : { refusal: { exitCode, message: state.Error } };
      return { kind: 'created', id, ...refusal, ending };
    }
    case 'exited':
    case 'removing':
    case 'dead': {
      const runsScript = found.HostConfig.Init === true;
      const withoutShell =
        runsScript && exitCode === notFoundCode && (await lacksShell(context.docker, id, found.Config.Entrypoint));
      // The daemon writes down a start when it learns of it, which may be after the end of a short step.
      const endedAt = Math.max(startedAt, Date.parse(state.FinishedAt));
      return { kind: 'exited', id, startedAt, endedAt, exitCode, outOfMemory, withoutShell, ending };
    }
    default:
      return { kind: 'running', id, startedAt, ending };
  }
}

/** The daemon gives the same answer for a missing file and a missing container. */
async function lacksShell(docker: Docker, id: string, entrypoint: unknown): Promise<boolean> {
  // The words behind the wrapper, or behind the script that it puts in a file (`whatRuns`). Where the program is no
  // path, what the shell says of it is in the log.
  const words = Array.isArray(entrypoint) ? (entrypoint as string[]).slice(4) : [];
  const program = words.find((word) => !word.startsWith('#!'));
  const programs = [shell, ...(program?.startsWith('/') ? [program] : [])];
  const there = await Promise.all(programs.map((path) => hasFile(docker, id, path)));
  if (!there.includes(false)) return false;
  return (await unless([404], docker.getContainer(id).inspect())) !== undefined;
}

/** Whether nothing of the attempt follows this step. */
export const endsAttempt = ({ exitCode, withoutShell, ending }: Extract<StepSight, { kind: 'exited' }>): boolean =>
  ending.last || withoutShell || (exitCode !== 0 && !ending.tolerated);
