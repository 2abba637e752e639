import type { Argument, Command, Option } from 'commander';
import { optionsOf, readWords, type ReadWords } from './read-words.js';

/** A possible next word, and its description. */
export interface Candidate {
  word: string;
  doc: string;
}

/** Possible next words; `files`: any file too. */
export interface Candidates {
  words: readonly Candidate[];
  files: boolean;
}

/** Asks the server for the values of an argument, such as the uids of runs. */
export type Lookup = (argument: string, read: ReadWords) => Promise<readonly Candidate[]>;

const fileOptions = new Set(['tokenFile', 'example']);
const fileArguments = new Set(['file']);

/** Completions of the last word, which may be empty. */
export async function completeWords(program: Command, words: readonly string[], lookUp: Lookup): Promise<Candidates> {
  const current = words.at(-1) ?? '';
  const [, flag = '', value = ''] = /^(--[^=]+)=(.*)$/.exec(current) ?? [];
  if (flag !== '') {
    // `--option=value` in one word.
    const { words: found, files } = await completeWords(program, [...words.slice(0, -1), flag, value], lookUp);
    return { words: found.map(({ word, doc }) => ({ word: `${flag}=${word}`, doc })), files };
  }
  const read = readWords(program, words.slice(0, -1));
  const { words: found, files } = await candidatesOf(read, current, lookUp);
  return { words: found.filter(({ word }) => word.startsWith(current)), files };
}

async function candidatesOf(read: ReadWords, current: string, lookUp: Lookup): Promise<Candidates> {
  if (read.pending) return valuesOf(read.pending, read, lookUp);
  if (current.startsWith('-')) return { words: optionsOf(read.command).map(optionCandidate), files: false };
  const inner =
    read.operands.length === 0 ? (read.command.name() === 'help' ? read.command.parent : read.command) : null;
  const commands = inner ? inner.createHelp().visibleCommands(inner) : [];
  const { words, files } = await argumentCandidates(read.next, read, lookUp);
  return { words: [...commands.map(commandCandidate), ...words], files };
}

async function valuesOf(option: Option, read: ReadWords, lookUp: Lookup): Promise<Candidates> {
  const name = option.attributeName();
  if (fileOptions.has(name)) return { words: [], files: true };
  if (option.argChoices) return { words: option.argChoices.map(choiceCandidate), files: false };
  return { words: await lookUp(name, read), files: false };
}

async function argumentCandidates(
  argument: Argument | undefined,
  read: ReadWords,
  lookUp: Lookup,
): Promise<Candidates> {
  if (!argument) return { words: [], files: false };
  if (fileArguments.has(argument.name())) return { words: [], files: true };
  if (argument.argChoices) return { words: argument.argChoices.map(choiceCandidate), files: false };
  return { words: await lookUp(argument.name(), read), files: false };
}

const optionCandidate = ({ long, short, description }: Option): Candidate => ({
  word: long ?? short ?? '',
  doc: description,
});
const commandCandidate = (command: Command): Candidate => ({ word: command.name(), doc: command.description() });
const choiceCandidate = (word: string): Candidate => ({ word, doc: '' });
