import { Command } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import type { WorkerList } from '@chainr/core/api/contract/worker-resource';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { CouldNot } from '../exit-codes.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { showWorkers } from '../views/show-workers.js';
import { note, print, type Terminal } from '../terminal/terminal.js';

interface DrainOptions extends ServerOptions {
  undo?: true;
  output: OutputFormat;
}

export function drainCommand(terminal: Terminal): Command {
  return new Command('drain')
    .description('drain a worker before it is stopped: it takes no new jobs, its running jobs continue')
    .argument('[worker]', 'the id of a worker, or the beginning of an id; without it, the workers are listed')
    .option('--undo', 'end the draining: the worker takes jobs again')
    .addOption(outputOption())
    .addHelpText('after', examples('chainr drain', 'chainr drain WORKER', 'chainr drain WORKER --undo'))
    .action(async (written: string | undefined, _options: unknown, command: Command) => {
      const { undo, output, ...server } = command.optsWithGlobals<DrainOptions>();
      const client = connect(server, terminal);
      if (written === undefined && undo) throw new CouldNot('name the worker that should take jobs again.');
      const workers = await drain(client, written, undo ?? false);
      if (output === 'json') print(terminal, JSON.stringify(workers, null, 2));
      else for (const line of showWorkers(workers)) print(terminal, line);
      if (written === undefined && workers.items.length > 0)
        note(terminal, 'Use chainr drain WORKER to drain one of them.');
    });
}

async function drain(client: Client, written: string | undefined, undo: boolean): Promise<WorkerList> {
  const workers = await client.listWorkers();
  if (written === undefined) return workers;
  if (written === '') throw new CouldNot('"" is not the id of a worker; chainr drain lists the ids.');
  const meant = workers.items.filter(({ id }) => id.startsWith(written));
  const [worker] = meant;
  if (meant.length > 1)
    throw new CouldNot(`several workers match: ${meant.map(({ id }) => id).join(', ')}; write more of the id.`);
  const id = worker?.id ?? written; // If it is unknown, the error of the server lists the workers.
  return undo ? client.undrainWorker(id) : client.drainWorker(id);
}
