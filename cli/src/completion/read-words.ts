import type { Argument, Command, Option } from 'commander';

/** The meaning of the words of an unfinished command line. */
export interface ReadWords {
  command: Command;
  /** The words that are neither commands nor options nor values of options. */
  operands: readonly string[];
  /** Values of options by the name that they have in code, such as `tokenFile`. */
  values: Readonly<Record<string, string>>;
  /** The option whose value comes next. */
  pending?: Option;
  /** The argument that comes next. */
  next?: Argument;
}

/** Reads the words before the current one. Never throws: an unfinished line is no mistake. */
export function readWords(program: Command, words: readonly string[]): ReadWords {
  let command = program;
  let pending: Option | undefined;
  const operands: string[] = [];
  const values: Record<string, string> = {};
  for (const word of words) {
    if (pending) {
      values[pending.attributeName()] = word;
      pending = undefined;
    } else if (word.startsWith('-') && word !== '-') {
      const [flag, value] = splitFlag(word);
      const option = optionsOf(command).find((known) => known.long === flag || known.short === flag);
      if (option && value !== undefined) values[option.attributeName()] = value;
      else if (option?.required) pending = option;
    } else {
      const inner = operands.length === 0 ? command.commands.find((known) => known.name() === word) : undefined;
      if (inner) command = inner;
      else operands.push(word);
    }
  }
  const { registeredArguments: known } = command;
  const next = known[operands.length] ?? (known.at(-1)?.variadic ? known.at(-1) : undefined);
  return { command, operands, values, ...(pending ? { pending } : {}), ...(next ? { next } : {}) };
}

/** The options of a command: its own and the global ones. */
export function optionsOf(command: Command): Option[] {
  let program = command;
  while (program.parent) program = program.parent;
  const shared = command === program ? [] : program.options.filter(({ long }) => long !== '--version');
  return [...command.createHelp().visibleOptions(command), ...shared];
}

function splitFlag(word: string): [flag: string, value?: string] {
  const at = word.indexOf('=');
  return word.startsWith('--') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word];
}
