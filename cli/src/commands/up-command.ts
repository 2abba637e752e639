import { Command } from 'commander';
import { examples } from '../options/examples.js';
import type { Exit } from '../exit-codes.js';
import { print, type Terminal } from '../terminal/terminal.js';

/** Imports the services only when needed: without them the other commands start three times as fast. */
export function upCommand(terminal: Terminal, exit: Exit): Command {
  return new Command('up')
    .description(
      'run all services of chainr on this machine until Ctrl-C; data is in CHAINR_HOME, by default ./.chainr',
    )
    .option('--example <file>', 'run this pipeline after the start and show it until it ends')
    .option('--settings', 'list the settings that chainr up reads from the environment, and exit')
    .addHelpText('after', examples('chainr up', 'CHAINR_EXECUTOR=process chainr up --example examples/readme.json'))
    .action(async (options: { example?: string; settings?: true }) => {
      const { listSettings, up } = await import('../up/start-up.js');
      if (options.settings) for (const line of listSettings()) print(terminal, line);
      else exit(await up(terminal, options.example));
    });
}
