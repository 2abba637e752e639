import { Command } from 'commander';
import { print, type Terminal } from '../terminal/terminal.js';
import { completeWords } from './complete-words.js';
import { lookUpAt } from './look-up.js';

/** Printed instead of a word if any file may come next. The completion scripts know it. */
const anyFile = ':files';

/** Called by the completion scripts. Prints one word per line, then a tab and its description. Hidden in the help. */
export function completeCommand(terminal: Terminal, program: () => Command): Command {
  return new Command('complete').argument('[words...]').action(async (words: string[]) => {
    const { words: found, files } = await completeWords(program(), words, lookUpAt(terminal));
    for (const { word, doc } of found) print(terminal, `${word}\t${doc}`);
    if (files) print(terminal, anyFile);
  });
}
