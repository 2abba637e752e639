import { Option } from 'commander';
import { CouldNot } from '../exit-codes.js';

/** `--watch`; the end of the run decides the exit code (`watch-in-terminal.ts`). */
export function watchOption(run = 'the run'): Option {
  return new Option(
    '-w, --watch',
    `show progress until ${run} ends; exit code 0 if it is SUCCESSFUL, 1 if it is FAILED or CANCELED; Ctrl-C detaches without stopping the run (exit code 2)`,
  );
}

/** For commands that cannot watch: `get` accepts the option for its subcommands too. @throws CouldNot */
export function refuseWatch({ watch }: { watch?: true }): void {
  if (watch) throw new CouldNot('only a single run can be watched: use chainr get RUN --watch.');
}
