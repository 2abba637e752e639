import { resolve } from 'node:path';
import { shellsOwn } from '@chainr/core/pipeline/names';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import { attemptFiles, stepFile, workspaceOf } from './attempt-folder.js';
import { commandOf } from '../refuse-step.js';
import { shellQuote } from './shell-quote.js';

export interface StepScript {
  step: StepSpec;
  index: number;
  /** Of the attempt's folder. */
  path: string;
  /** All of the step's variables but those of the base. */
  environment: ReadonlyMap<string, string>;
  base: Readonly<Record<string, string>>;
  /** Where env(1) is. */
  envProgram: string;
}

/**
 * The script in which a step begins, read by a process of its own of `supervisor.sh`, which has the meaning of the files
 * and the variables `boot` and `setsid`, in the attempt's folder. It records the session that it is about to lead, takes
 * the step's name, and only then becomes the user's program. Up to there stderr leads nowhere: what a shell says of
 * chainr's own files is not the job's output.
 */
export function writeStepScript({ step, index, path, environment, base, envProgram }: StepScript): string {
  const group = stepFile(index, 'group');
  const config = shellQuote(resolve(path, stepFile(index, 'config')));
  const refuse = (what: string): string => `{ printf '%s\\n' ${what} > ${config}; exit 1; }`;
  const workspace = workspaceOf(path);
  const words = commandOf(step);
  return [
    'read -r stat < /proc/self/stat || exit 1',
    'pid=${stat%% *}',
    'set -- ${stat##*) }',
    `printf '%s\\n' "$pid \${20} $boot" > ${group} || exit 1`,
    'set -C',
    `printf '' > ${stepFile(index, 'started')} || exit 1`,
    // A stop writes its mark first and then looks for sessions: either it sees this one or this one sees the mark.
    `if [ -e ${attemptFiles.stop} ]; then exit 143; fi`,
    `cd ${shellQuote(resolve(workspace, step.workdir ?? '.'))} || ${refuse('workdir')}`,
    ...(step.run === undefined ? [`${programTest(words[0] ?? '', environment, base)} || ${refuse('command')}`] : []),
    'unset PWD OLDPWD SHLVL _',
    ...execLines(words, environment, envProgram),
    '',
  ].join('\n');
}

/** Looks where execvp(3) would look, so that a missing program is told apart from a program that exits with 127. */
function programTest(
  program: string,
  environment: ReadonlyMap<string, string>,
  base: Readonly<Record<string, string>>,
): string {
  const folders = (environment.get('PATH') ?? base['PATH'] ?? '').split(':').map((folder) => folder || '.');
  const places = program.includes('/') ? [program] : folders.map((folder) => `${folder}/${program}`);
  const tests = places.map(shellQuote).map((place) => `{ [ -f ${place} ] && [ -x ${place} ]; }`);
  return `{ ${tests.join(' || ')}; }`;
}

/**
 * Variables that shells keep for themselves cannot be set in the shell that starts the step: with any of them, it is
 * started through env(1), which costs a further exec.
 */
function execLines(words: readonly string[], environment: ReadonlyMap<string, string>, envProgram: string): string[] {
  const command = words.map(shellQuote).join(' ');
  const variables = [...environment];
  const exports = variables
    .filter(([name]) => !shellsOwn.test(name))
    .map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  // Everybody can see the arguments of env(1): no secret is among them (`check-job.ts` in core/pipeline).
  const assignments = variables
    .filter(([name]) => shellsOwn.test(name))
    .map(([name, value]) => shellQuote(`${name}=${value}`));
  const through = assignments.length === 0 ? '' : `${[shellQuote(envProgram), ...assignments].join(' ')} `;
  return [...exports, `exec "$setsid" ${through}${command} 2>&1`];
}
