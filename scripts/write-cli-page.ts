/** Writes docs/cli.md from the commands and their help; with --check fails if it is stale. */
import { PassThrough } from 'node:stream';
import { createProgram } from '../cli/src/create-program.js';
import { writePage } from './markdown-page.js';

type Command = ReturnType<typeof createProgram>;

const helpWidth = 100;

/** A program that only prints its help. */
function silentProgram(): Command {
  const stream = new PassThrough();
  const terminal = {
    stdin: stream,
    stdout: stream,
    stderr: stream,
    env: {},
    server: {},
    colors: false,
    unicode: false,
  };
  return createProgram({ ...terminal, onInterrupt: () => new AbortController().signal }, () => undefined);
}

/** The help as a terminal shows it. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => helpWidth });
  command.outputHelp();
  return text.trimEnd();
}

const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

/** A command and its subcommands. */
function sectionsOf(command: Command): string[] {
  const inner = command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help');
  const own = `## ${pathOf(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``;
  return [own, ...inner.flatMap(sectionsOf)];
}

await writePage(
  'docs/cli.md',
  `# The command

<!-- Made by \`make generate\` from the commands in cli/src. -->

The \`--help\` text of each command. [cli/README.md](../cli/README.md) describes what all commands share: server, token, exit codes.

${sectionsOf(silentProgram()).join('\n\n')}
`,
);
