import { Option } from 'commander';
import { CouldNot } from '../exit-codes.js';

/** `--watch`: what is watched decides the exit code (`watch-in-terminal.ts`). */
export function watchOption(run = 'the run'): Option {
  return new Option(
    '-w, --watch',
    `show each change until ${run} ends; exit code 0 if it was SUCCESSFUL, 1 if it FAILED or was CANCELED; Ctrl-C detaches, the run goes on (exit code 2)`,
  );
}

/** Of what is no run. `get` reads the option wherever it stands. @throws CouldNot */
export function refuseWatch({ watch }: { watch?: true }): void {
  if (watch) throw new CouldNot('only a run can be watched: chainr get RUN --watch.');
}
