import { note, type Terminal } from './terminal.js';

/** Says every place of a pipeline that is wrong, one a line. */
export function printMistakes(
  file: string,
  mistakes: readonly { path: string; message: string }[],
  terminal: Terminal,
): void {
  const name = file === '-' ? 'the pipeline' : file;
  note(terminal, `${name} has ${mistakes.length === 1 ? 'a mistake' : `${String(mistakes.length)} mistakes`}:`);
  for (const { path, message } of mistakes) note(terminal, `  ${path === '' ? '' : `${path}: `}${message}`);
}
