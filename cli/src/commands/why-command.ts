import { Command } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import type { JobExplanation } from '@chainr/core/api/contract/explanation-resource';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { findRunUid, runArgument } from '../server/find-run.js';
import { formatTable } from '../views/format-table.js';
import { listAllJobs } from '../server/list-all-jobs.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { paintStatus, printable } from '../views/paint.js';
import { askForJob } from '../server/suggest-job.js';
import { note, print, type Terminal } from '../terminal/terminal.js';

/** The most jobs that `chainr why RUN` explains. */
const explainedAtOnce = 10;

interface WhyOptions extends ServerOptions {
  output: OutputFormat;
}

export function whyCommand(terminal: Terminal): Command {
  return new Command('why')
    .description('explain why a job is not running, or why it ended')
    .addArgument(runArgument())
    .argument('[job]', 'the name of a job (default: every job that is neither running nor SUCCESSFUL)')
    .addOption(outputOption())
    .addHelpText('after', examples('chainr why latest', 'chainr why latest deploy'))
    .action(async (written: string, name: string | undefined, _options: unknown, command: Command) => {
      const { output, ...server } = command.optsWithGlobals<WhyOptions>();
      const client = connect(server, terminal);
      const uid = await findRunUid(client, written);
      const names = name === undefined ? await unexplainedJobs(client, uid, terminal) : [name];
      const explanations: JobExplanation[] = [];
      for (const job of names) explanations.push(await askForJob(client, uid, job, () => client.explainJob(uid, job)));
      if (output === 'json')
        print(terminal, JSON.stringify(name === undefined ? explanations : explanations[0], null, 2));
      else for (const line of explanations.flatMap((each) => explanationLines(each, terminal))) print(terminal, line);
    });
}

async function unexplainedJobs(client: Client, uid: string, terminal: Terminal): Promise<string[]> {
  const jobs = await listAllJobs(client, await client.getRun(uid));
  const asked = jobs.filter(({ status, reason }) => status !== 'SUCCESSFUL' && reason !== 'Executing');
  if (asked.length === 0) note(terminal, 'There is nothing to explain: every job is running or SUCCESSFUL.');
  if (asked.length > explainedAtOnce)
    note(
      terminal,
      `The first ${String(explainedAtOnce)} of ${String(asked.length)} jobs; chainr why RUN JOB explains one.`,
    );
  return asked.slice(0, explainedAtOnce).map(({ name }) => name);
}

function explanationLines(
  { metadata, status, reason, sentence, facts }: JobExplanation,
  { colors }: Terminal,
): string[] {
  const rows = facts.map(({ kind, text }) => [`  ${kind}`, printable(text)]);
  const name = metadata.title === undefined ? metadata.name : `${metadata.name} (${printable(metadata.title)})`;
  return [
    `${name} is ${paintStatus(status, status, colors)} (${reason}): ${printable(sentence)}`,
    ...formatTable(rows),
  ];
}
