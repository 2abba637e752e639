import { Command } from 'commander';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { showWorkers } from '../views/show-workers.js';
import { print, type Terminal } from '../terminal/terminal.js';
import { refuseWatch } from '../options/watch-option.js';

export function getWorkersCommand(terminal: Terminal): Command {
  return new Command('workers')
    .description('list the workers, how many jobs they run, and whether they are draining')
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
