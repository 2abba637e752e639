import type { Command } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import { connect, type ServerOptions } from './connect.js';
import { CouldNot } from '../exit-codes.js';
import { findRunUid } from './find-run.js';
import { actOnMany, meansMany, type ManyRuns, type ManyRunsOptions } from './many-runs.js';
import type { Terminal } from '../terminal/terminal.js';

/** The operation of a command on one run, and on all runs that match a filter. */
export interface OneOrMany<O extends ManyRunsOptions = ManyRunsOptions> {
  many(client: Client, options: O): ManyRuns;
  one(client: Client, uid: string, options: O): Promise<void>;
}

/**
 * Applies the operation to the named run, or to all that match the filter.
 *
 * @throws CouldNot if the command line has both or neither
 */
export async function actOnOneOrMany<O extends ManyRunsOptions & ServerOptions>(
  written: string | undefined,
  command: Command,
  verb: OneOrMany<O>,
  terminal: Terminal,
): Promise<void> {
  const options = command.optsWithGlobals<O>();
  const client = connect(options, terminal);
  if (written === undefined) {
    if (!meansMany(options)) throw new CouldNot(`name a run or use a filter: see chainr ${command.name()} --help.`);
    await actOnMany(verb.many(client, options), options, terminal);
    return;
  }
  if (meansMany(options)) throw new CouldNot('name a run or use a filter, not both.');
  if (options.dryRun) throw new CouldNot('--dry-run needs a filter, but you named a run.');
  await verb.one(client, await findRunUid(client, written), options);
}
