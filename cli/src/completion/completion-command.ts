import { Argument, Command } from 'commander';
import type { Terminal } from '../terminal/terminal.js';
import { completionScript, installLines, shells, type Shell } from './shells.js';

export function completionCommand(terminal: Terminal): Command {
  const install = shells.map((shell) => `  ${installLines[shell]}`).join('\n');
  return new Command('completion')
    .description('print a shell script that completes commands, options, runs and jobs')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', `\nInstall:\n${install}`)
    .action((shell: Shell) => {
      terminal.stdout.write(completionScript(shell));
    });
}
