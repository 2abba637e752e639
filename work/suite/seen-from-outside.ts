import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { FaultPoint } from '@chainr/core/engine/fault-points';
import type { ExecutorKind, RunUid } from '@chainr/core/engine/records';
import { dockerCommand } from '@chainr/testkit/docker-command';
import type { DockerDaemon } from '@chainr/testkit/docker-daemon';
import { linesIn } from '@chainr/testkit/lines-in';
import { processesOf } from '@chainr/testkit/processes-of';
import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';

/** What tests need to watch an executor from outside. */
export interface Subject {
  kind: ExecutorKind;
  /** The settings that a worker needs in addition. */
  env: () => Record<string, string>;
  /** The file into which each step writes its name when it starts; empty if steps cannot write to one. */
  ledger: (home: string) => string;
  /** Every start in a run, as `job attempt step`. `steps` are the names of a job's steps. */
  starts: (home: string, run: RunUid, steps?: readonly string[]) => Promise<string[]>;
  /** What still runs in a run. */
  running: (home: string, run: RunUid) => Promise<string[]>;
  /** Removes everything that the executor has of a run, as a stranger to chainr would. */
  removeAll: (home: string, run: RunUid) => Promise<void>;
  /** Whatever it creates for an attempt runs at once (see Capabilities). */
  startsAtCreation: boolean;
  /** Fault points that are not reached in the usual life of an attempt. */
  unreached: readonly FaultPoint[];
}

/** The first command of each step. */
export const noteStart = `[ -z "$LEDGER" ] || echo "$CHAINR_JOB $CHAINR_ATTEMPT $CHAINR_STEP" >> "$LEDGER"`;

export const processes: Subject = {
  kind: 'process',
  startsAtCreation: false,
  unreached: ['between-steps'],
  env: () => ({}),
  ledger: (home) => path.join(home, 'ledger'),
  starts: (home) => Promise.resolve(linesIn(path.join(home, 'ledger'))),
  running: (home, run) => {
    const found = processesOf(home).filter(({ folder }) => folder.includes(`/process/attempts/${run}/`));
    return Promise.resolve(found.map(({ command }) => command));
  },
  removeAll: (home, run) => rm(path.join(home, 'process', 'attempts', run), { recursive: true }),
};

function containers(daemon: () => DockerDaemon): Subject {
  return {
    kind: 'docker',
    startsAtCreation: false,
    unreached: [],
    env: () => ({ CHAINR_DOCKER_HOST: `unix://${daemon().socketPath}` }),
    ledger: () => '',
    starts: async (_home, run, steps = ['main']) => {
      const span = ['--since', '10m', '--until', ((Date.now() + 2) / 1000).toFixed(3)];
      const filters = ['--filter', 'event=start', '--filter', `label=chainr.run=${run}`];
      const words = ['job', 'attempt', 'step'].map((name) => `{{index .Actor.Attributes "chainr.${name}"}}`);
      const lines = await dockerCommand(daemon().socketPath, [
        'events',
        ...span,
        ...filters,
        '--format',
        words.join(' '),
      ]);
      return lines.map((line) => line.replace(/\d+$/, (step) => steps[Number(step)] ?? step));
    },
    running: (_home, run) =>
      dockerCommand(daemon().socketPath, ['ps', '--quiet', '--filter', `label=chainr.run=${run}`]),
    removeAll: async (_home, run) => {
      const docker = (...args: string[]) => dockerCommand(daemon().socketPath, args);
      const filter = ['--quiet', '--filter', `label=chainr.run=${run}`];
      await docker('rm', '--force', ...(await docker('ps', '--all', ...filter)));
      await docker('volume', 'rm', ...(await docker('volume', 'ls', ...filter)));
    },
  };
}

/** Defines the same tests for every executor that works on this machine, and reports the others. */
export function describeOnExecutors(title: string, tests: (subject: Subject) => void): void {
  describe(`${title}: processes`, () => { tests(processes); }); // prettier-ignore
  describe(`${title}: containers`, () => {
    const used = useDockerDaemon();
    tests(containers(() => used.daemon));
  });
}
