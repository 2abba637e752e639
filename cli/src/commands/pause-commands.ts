import { Command } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import type { WorkerList } from '@chainr/core/api/contract/worker-resource';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { print, type Terminal } from '../terminal/terminal.js';

interface PauseOptions extends ServerOptions {
  output: OutputFormat;
}

export function pauseCommand(terminal: Terminal): Command {
  return new Command('pause')
    .description('pause all workers: no new jobs start, running jobs continue, new runs are stored')
    .addOption(outputOption())
    .addHelpText('after', examples('chainr pause'))
    .action(answer(terminal, (client) => client.pause()));
}

export function resumeCommand(terminal: Terminal): Command {
  return new Command('resume')
    .description('resume all workers after a pause')
    .addOption(outputOption())
    .addHelpText('after', examples('chainr resume'))
    .action(answer(terminal, (client) => client.resume()));
}

function answer(terminal: Terminal, ask: (client: Client) => Promise<WorkerList>) {
  return async (_options: unknown, command: Command): Promise<void> => {
    const { output, ...server } = command.optsWithGlobals<PauseOptions>();
    const workers = await ask(connect(server, terminal));
    if (output === 'json') print(terminal, JSON.stringify(workers, null, 2));
    else print(terminal, sentenceOf(workers));
  };
}

function sentenceOf({ paused, items }: WorkerList): string {
  const running = items.reduce((sum, worker) => sum + worker.running, 0);
  if (!paused) return 'Resumed: workers start new jobs again.';
  const jobs = `${String(running)} running ${running === 1 ? 'job continues' : 'jobs continue'}`;
  return `Paused: no new jobs start; ${jobs}. chainr resume ends the pause.`;
}
