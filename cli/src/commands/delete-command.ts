import { Command } from 'commander';
import { examples } from '../options/examples.js';
import { runArgument } from '../server/find-run.js';
import { addManyRuns } from '../server/many-runs.js';
import { actOnOneOrMany, type OneOrMany } from '../server/one-or-many.js';
import { outputOption } from '../options/output-option.js';
import { print, type Terminal } from '../terminal/terminal.js';

export function deleteCommand(terminal: Terminal): Command {
  const command = new Command('delete')
    .description('delete an ended run and its logs, or all ended runs that match a filter')
    .addArgument(runArgument('[run]'));
  return addManyRuns(command)
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'chainr delete latest',
        'chainr delete --status FAILED --until 30d --dry-run',
        "chainr delete --name 'nightly*' --yes",
      ),
    )
    .action((written: string | undefined, _options: unknown, self: Command) =>
      actOnOneOrMany(written, self, deletion(terminal), terminal),
    );
}

function deletion(terminal: Terminal): OneOrMany {
  return {
    many: (client) => ({ verb: 'delete', done: 'deleted', act: (query) => client.deleteRuns(query) }),
    one: async (client, uid, { output }) => {
      const deleted = await client.deleteRun(uid);
      print(terminal, output === 'json' ? JSON.stringify(deleted, null, 2) : `Deleted run ${uid}.`);
    },
  };
}
