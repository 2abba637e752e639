import { defaultShell, interpreterOf } from '@chainr/core/pipeline/interpreter';
import type { StepSpec } from '@chainr/core/pipeline/steps';

/** The program and arguments of a `run`, and whether a file holds the script: then the last word is its path. */
export interface ScriptWords {
  words: readonly string[];
  script: string;
  inFile: boolean;
}

/** @param file where the script can be put if its first line names an interpreter */
export function scriptWords(script: string, shell: readonly string[] = defaultShell, file: string): ScriptWords {
  const interpreter = interpreterOf(script);
  return interpreter
    ? { words: [...interpreter, file], script, inFile: true }
    : { words: [...shell, script], script, inFile: false };
}

/**
 * `command` and `args` of a step with `$(NAME)` replaced, as in Kubernetes: by the variables that chainr sets, in one
 * pass; `$$` is a `$`, and an unknown name stays as it is.
 * https://github.com/kubernetes/kubernetes/blob/master/third_party/forked/golang/expansion/expand.go
 */
export function expandedCommand(
  { command, args }: Pick<StepSpec, 'command' | 'args'>,
  environment: ReadonlyMap<string, string>,
): Pick<StepSpec, 'command' | 'args'> {
  const expand = (words: readonly string[]): string[] => words.map((word) => expandVariables(word, environment));
  return { ...(command && { command: expand(command) }), ...(args && { args: expand(args) }) };
}

const expandVariables = (word: string, environment: ReadonlyMap<string, string>): string =>
  word.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (found, name?: string) =>
    name === undefined ? '$' : (environment.get(name) ?? found),
  );
