import { Command } from 'commander';
import { connect, type ServerOptions } from './connect.js';
import { examples } from './examples.js';
import { CouldNot, type Exit } from './exit-codes.js';
import { findRunUid, runArgument } from './find-run.js';
import { outputOption, type OutputFormat } from './output-option.js';
import { presentNewRun } from './present-new-run.js';
import type { Terminal } from './terminal.js';

interface RerunOptions extends ServerOptions {
  all?: true;
  watch?: true;
  output: OutputFormat;
}

export function rerunCommand(terminal: Terminal, exit: Exit): Command {
  return new Command('rerun')
    .description('make a new run of a run: what failed or was canceled runs again, what succeeded is taken over')
    .addArgument(runArgument())
    .argument('[job...]', 'run these jobs again, and all that wait for them, instead of what failed')
    .option('--all', 'run every job again')
    .option('-w, --watch', 'show each change until the new run ends; Ctrl-C detaches, the run goes on (exit code 2)')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples('chainr rerun latest', 'chainr rerun latest deploy --watch', 'chainr rerun latest --all'),
    )
    .action(async (written: string, jobs: string[], _options: unknown, command: Command) => {
      const { all, watch, output, ...server } = command.optsWithGlobals<RerunOptions>();
      if (all && jobs.length > 0) throw new CouldNot('either name jobs or say --all, not both.');
      const client = connect(server, terminal);
      const uid = await findRunUid(client, written);
      const cursor = watch ? await client.lastCursor() : undefined;
      const run = await client.rerunRun(uid, all ? 'all' : jobs.length > 0 ? jobs : 'failed');
      await presentNewRun(client, run, { cursor, output }, terminal, exit);
    });
}
