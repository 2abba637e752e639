import { Command } from 'commander';
import { connect, type ServerOptions } from '../server/connect.js';
import { describeJob } from '../views/describe-job.js';
import { describeRun } from '../views/describe-run.js';
import { examples } from '../options/examples.js';
import { findRunUid, runArgument } from '../server/find-run.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { askForJob } from '../server/suggest-job.js';
import { readTimeline } from '../server/read-timeline.js';
import { print, type Terminal } from '../terminal/terminal.js';

/** The most jobs drawn without `--all`. */
const jobsDrawn = 100;

interface DescribeOptions extends ServerOptions {
  all?: true;
  output: OutputFormat;
}

export function describeCommand(terminal: Terminal): Command {
  return new Command('describe')
    .description(
      'show a run and where its time went: the timeline of its jobs and the critical path; or a job and where its attempts ran',
    )
    .addArgument(runArgument())
    .argument('[job]', 'the name of a job of the run')
    .option('--all', `show every job, not only the first ${String(jobsDrawn)}`)
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples('chainr describe latest', 'chainr describe latest --all -o json', 'chainr describe latest build'),
    )
    .action(async (written: string, job: string | undefined, _options: unknown, command: Command) => {
      const { all, output, ...server } = command.optsWithGlobals<DescribeOptions>();
      const client = connect(server, terminal);
      const uid = await findRunUid(client, written);
      if (job !== undefined) {
        const found = await askForJob(client, uid, job, () => client.getJob(uid, job));
        if (output === 'json') print(terminal, JSON.stringify(found, null, 2));
        else for (const line of describeJob(found, terminal)) print(terminal, line);
        return;
      }
      const timeline = await readTimeline(client, uid, all ? Infinity : jobsDrawn);
      if (output === 'json') {
        print(terminal, JSON.stringify(timeline, null, 2));
        return;
      }
      for (const line of describeRun(await client.getRun(uid), timeline, terminal)) print(terminal, line);
    });
}
