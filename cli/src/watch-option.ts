import { Option } from 'commander';

/** `--watch`: what is watched decides the exit code (`watch-in-terminal.ts`). */
export function watchOption(run = 'the run'): Option {
  return new Option(
    '-w, --watch',
    `show each change until ${run} ends; exit code 0 if it was SUCCESSFUL, 1 if it FAILED or was CANCELED; Ctrl-C detaches, the run goes on (exit code 2)`,
  );
}
