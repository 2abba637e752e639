/** Runs a script where no `shell` is named. */
export const defaultShell: readonly string[] = ['/bin/sh', '-e', '-c'];

/**
 * The interpreter that the first line of a script names (`#!/usr/bin/env python3`), with the rest of the line as one
 * argument; undefined where the script does not begin with `#!`. execve(2), "Interpreter scripts". The program is empty
 * where the line names none.
 */
export function interpreterOf(script: string): string[] | undefined {
  if (!script.startsWith('#!')) return undefined;
  const [line = ''] = script.slice(2).split('\n', 1);
  const [, program = '', rest = ''] = /^\s*(\S*)\s*(.*?)\s*$/.exec(line) ?? [];
  return rest === '' ? [program] : [program, rest];
}
