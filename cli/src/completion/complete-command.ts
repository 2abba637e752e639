import { Command } from 'commander';
import { print, type Terminal } from '../terminal/terminal.js';
import { completeWords } from './complete-words.js';
import { lookUpAt } from './look-up.js';

/** Said in place of a word where any file may come next; the scripts of the shells know it. */
const anyFile = ':files';

/** What the completion scripts ask: a word a line, behind a tab what it is. Not for people, and not in the help. */
export function completeCommand(terminal: Terminal, program: () => Command): Command {
  return new Command('complete').argument('[words...]').action(async (words: string[]) => {
    const { words: found, files } = await completeWords(program(), words, lookUpAt(terminal));
    for (const { word, doc } of found) print(terminal, `${word}\t${doc}`);
    if (files) print(terminal, anyFile);
  });
}
