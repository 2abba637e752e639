import { Command } from 'commander';
import { connect, type ServerOptions } from './connect.js';
import { examples } from './examples.js';
import { outputOption, type OutputFormat } from './output-option.js';
import { showWorkers } from './show-workers.js';
import { print, type Terminal } from './terminal.js';
import { refuseWatch } from './watch-option.js';

export function getWorkersCommand(terminal: Terminal): Command {
  return new Command('workers')
    .description('list the workers, what they run, and whether they are being drained')
    .addOption(outputOption())
    .addHelpText('after', examples('chainr get workers'))
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ServerOptions & { output: OutputFormat; watch?: true }>();
      refuseWatch(options);
      const workers = await connect(options, terminal).listWorkers();
      if (options.output === 'json') print(terminal, JSON.stringify(workers, null, 2));
      else for (const line of showWorkers(workers)) print(terminal, line);
    });
}
