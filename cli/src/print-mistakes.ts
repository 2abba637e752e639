import { countMistakes, type Mistake } from '@chainr/core/model/mistakes';
import type { OutputFormat } from './output-option.js';
import { note, print, type Terminal } from './terminal.js';

/** Says every place of a pipeline that is wrong, one a line; as one JSON value where that was asked for. */
export function printMistakes(
  file: string,
  mistakes: readonly Mistake[],
  output: OutputFormat,
  terminal: Terminal,
): void {
  if (output === 'json') {
    print(terminal, JSON.stringify({ kind: 'PipelineCheck', valid: false, mistakes }, null, 2));
    return;
  }
  const name = file === '-' ? 'standard input' : file;
  const count = countMistakes(mistakes);
  note(terminal, `${name} has ${count === 1 ? 'a mistake' : `${String(count)} mistakes`}:`);
  for (const { path, message } of mistakes) note(terminal, `  ${path === '' ? '' : `${path}: `}${message}`);
}
