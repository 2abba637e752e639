import { resolve } from 'node:path';
import { defaultShell } from '@chainr/core/pipeline/interpreter';
import { shellsOwn } from '@chainr/core/pipeline/names';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import { attemptFiles, stepFile, workspaceOf } from '../attempt-folder.js';
import { expandedCommand } from '../../step-words.js';

export interface StepScript {
  step: StepSpec;
  /** What runs `run`; absent for a step with a command. */
  scriptWords: readonly string[] | undefined;
  index: number;
  /** The attempt's folder. */
  path: string;
  /** All variables of the step beyond the base. */
  environment: ReadonlyMap<string, string>;
  base: Readonly<Record<string, string>>;
  /** The path of env(1). */
  envProgram: string;
}

/**
 * The script in which a step begins, run by its own process of `supervisor.sh` in the attempt's folder; that file
 * explains the files and the variables `boot` and `setsid`. The script records the session that it is about to lead,
 * takes the step's name, and only then becomes the user's program. Until then stderr is discarded: a shell's messages
 * about chainr's own files are not the job's output.
 */
export function writeStepScript({ step, scriptWords, index, path, environment, base, envProgram }: StepScript): string {
  const group = stepFile(index, 'group');
  const config = shellQuote(resolve(path, stepFile(index, 'config')));
  const refuse = (what: string): string => `{ printf '%s\\n' ${what} > ${config}; exit 1; }`;
  const workspace = workspaceOf(path);
  const { command = [], args = [] } = expandedCommand(step, environment);
  const words = scriptWords ?? [...command, ...args];
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
    ...(words[0] !== defaultShell[0]
      ? [`${programTest(words[0] ?? '', environment, base)} || ${refuse('command')}`]
      : []),
    'unset PWD OLDPWD SHLVL _',
    ...execLines(words, environment, envProgram),
    '',
  ].join('\n');
}

/** Searches where execvp(3) would, to tell a missing program from one that exits with 127. */
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
 * Variables that shells reserve cannot be set in the shell that starts the step. With any of them, the step is started
 * through env(1), which costs another exec.
 */
function execLines(words: readonly string[], environment: ReadonlyMap<string, string>, envProgram: string): string[] {
  const command = words.map(shellQuote).join(' ');
  const variables = [...environment];
  const exports = variables
    .filter(([name]) => !shellsOwn.test(name))
    .map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  // Everybody can see the arguments of env(1), so no secret is among them (`check-job.ts` in core/pipeline).
  const assignments = variables
    .filter(([name]) => shellsOwn.test(name))
    .map(([name, value]) => shellQuote(`${name}=${value}`));
  const through = assignments.length === 0 ? '' : `${[shellQuote(envProgram), ...assignments].join(' ')} `;
  return [...exports, `exec "$setsid" ${through}${command} 2>&1`];
}

/** Quotes a text as one word for a POSIX shell: within single quotes only the quote is special. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
