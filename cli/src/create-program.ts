import { Command, type Option } from 'commander';
import { version } from '@chainr/core/service/version';
import { cancelCommand } from './commands/cancel-command.js';
import { completeCommand } from './completion/complete-command.js';
import { completionCommand } from './completion/completion-command.js';
import { defaultServer } from './server/connect.js';
import { deleteCommand } from './commands/delete-command.js';
import { drainCommand } from './commands/drain-command.js';
import type { Exit } from './exit-codes.js';
import { describeCommand } from './commands/describe-command.js';
import { getCommand } from './commands/get-command.js';
import { helpCommand } from './commands/help-command.js';
import { logsCommand } from './commands/logs-command.js';
import { pauseCommand, resumeCommand } from './commands/pause-commands.js';
import { rerunCommand } from './commands/rerun-command.js';
import { retryCommand } from './commands/retry-command.js';
import { runCommand } from './commands/run-command.js';
import type { Terminal } from './terminal/terminal.js';
import { upCommand } from './commands/up-command.js';
import { validateCommand } from './commands/validate-command.js';
import { whyCommand } from './commands/why-command.js';

/** The whole command line of `chainr`. */
export function createProgram(terminal: Terminal, exit: Exit): Command {
  const program = new Command('chainr')
    .description('Runs pipelines of container jobs.')
    .version(version)
    .option(
      '--server <url>',
      `address of the server: http://…, https://… or unix:/path (default: CHAINR_SERVER, or else ${defaultServer})`,
    )
    .option('--token-file <file>', 'file that contains the token (default: the token in CHAINR_TOKEN)')
    .addHelpText(
      'after',
      '\nExit codes: 0 success, 1 the run failed or the pipeline has mistakes, 2 the command failed.',
    );
  program.hook('preAction', (_program, command) => {
    const { server } = command.optsWithGlobals<{ server?: string }>();
    if (server !== undefined) terminal.server.named = server;
  });
  const commands = [
    upCommand(terminal, exit),
    runCommand(terminal, exit),
    getCommand(terminal, exit),
    describeCommand(terminal),
    logsCommand(terminal),
    whyCommand(terminal),
    cancelCommand(terminal),
    retryCommand(terminal, exit),
    rerunCommand(terminal, exit),
    deleteCommand(terminal),
    drainCommand(terminal),
    pauseCommand(terminal),
    resumeCommand(terminal),
    validateCommand(terminal, exit),
    completionCommand(terminal),
    helpCommand(() => program),
  ];
  program.helpCommand(false);
  for (const command of commands) program.addCommand(command);
  program.addCommand(
    completeCommand(terminal, () => program),
    { hidden: true },
  );
  for (const command of [program, ...program.commands, ...commands.flatMap(({ commands: inner }) => inner)]) {
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: (inner) => sharedOptions(inner, program) })
      .configureOutput({
        writeOut: (text) => terminal.stdout.write(text),
        writeErr: (text) => terminal.stderr.write(text),
        outputError: (text, write) => write(`${text}${helpFor(command, program)}\n`),
      });
  }
  return program;
}

/** The global options, which say where the server is. Without them `get runs` would show the options of `get`. */
function sharedOptions(command: Command, program: Command): Option[] {
  return command === program ? [] : program.options.filter(({ long }) => long !== '--version');
}

/** Names the help of the command as it was written: `get` also parses the options of `get runs` that it shares. */
function helpFor(command: Command, program: Command): string {
  if (command === program) return '(chainr --help lists the commands)';
  return `(${pathOf(commandOf(program, program.args))} --help explains it)`;
}

function commandOf(command: Command, [name, ...words]: readonly string[]): Command {
  const inner = command.commands.find((each) => each.name() === name);
  return inner ? commandOf(inner, words) : command;
}

/** The full name of a command, such as `chainr get runs`. */
function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
