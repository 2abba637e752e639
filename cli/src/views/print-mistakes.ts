import { countMistakes, type Mistake } from '@chainr/core/pipeline/mistakes';
import type { OutputFormat } from '../options/output-option.js';
import { note, print, type Terminal } from '../terminal/terminal.js';

/** Prints the mistakes of a pipeline, one per line, or as one JSON value. */
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
  notePlaces(name, 'mistake', mistakes, terminal);
}

/** Prints the warnings about a valid pipeline to standard error, one per line. */
export function printWarnings(file: string, warnings: readonly Mistake[], terminal: Terminal): void {
  if (warnings.length > 0) notePlaces(file === '-' ? 'standard input' : file, 'warning', warnings, terminal);
}

function notePlaces(name: string, what: string, places: readonly Mistake[], terminal: Terminal): void {
  const count = countMistakes(places);
  note(terminal, `${name} has ${count === 1 ? `a ${what}` : `${String(count)} ${what}s`}:`);
  for (const { path, message } of places) note(terminal, `  ${path === '' ? '' : `${path}: `}${message}`);
}
