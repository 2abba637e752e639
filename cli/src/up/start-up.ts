import { Service, StoppedWhileStarting } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import { shownDefault } from '@chainr/core/service/shown-default';
import { version } from '@chainr/core/service/version';
import { connect } from '../server/connect.js';
import { CouldNot, exitCodes, type ExitCode } from '../exit-codes.js';
import { formatTable } from '../views/format-table.js';
import { print, note, type Terminal } from '../terminal/terminal.js';
import { createConstellation, type Constellation } from './constellation.js';
import { FolderLock, openDataFolder, type DataFolder } from './data-folder.js';
import { createFileLogger } from './file-logger.js';
import { elsewhere, readUpSettings, tables } from './read-up-settings.js';
import { PrivateRedis } from './private-redis.js';
import { readExample, runExample } from './run-example.js';

/** Signals within this time count as one: `make` passes on a signal that the process group gets too. */
const sameSignalMs = 1_000;

/** The settings that `chainr up` reads from the environment, one per line: name, default, meaning. */
export function listSettings(): string[] {
  const all = tables.flatMap((table) => Object.values(table)).filter(({ env }) => !elsewhere.includes(env));
  const distinct = all.filter(({ env }, at) => all.findIndex((other) => other.env === env) === at);
  return formatTable(
    distinct.map((setting) => {
      const shown = setting.env === 'CHAINR_EXECUTOR' ? { said: 'docker if available' } : shownDefault(setting);
      return [setting.env, 'said' in shown ? shown.said : shown.written, setting.doc];
    }),
  );
}

/** Starts all services, serves until a signal, and stops them. @throws CouldNot if they cannot start */
export async function up(terminal: Terminal, exampleFile: string | undefined): Promise<ExitCode> {
  const example = exampleFile === undefined ? undefined : await readExample(exampleFile, terminal);
  if (example === 'mistaken') return exitCodes.failed;
  const { folder, all, service } = await prepare(terminal.env);
  const stop = onSignals(terminal, all, () => service.stop());
  try {
    await service.start();
  } catch (error) {
    if (!(error instanceof StoppedWhileStarting)) throw cannotStart(error, service.logger);
    await stop.stopped;
    return exitCodes.succeeded;
  }
  printWelcome(terminal, folder, all);
  if (example) {
    try {
      await runExample(connect({ server: all.url() }, terminal), example, all.url(), terminal, stop.signal);
    } catch (error) {
      await service.stop();
      throw error;
    }
  }
  if (!stop.signal.aborted) print(terminal, 'Serving. Ctrl-C stops.');
  await stop.stopped;
  return exitCodes.succeeded;
}

interface Prepared {
  folder: DataFolder;
  all: Constellation;
  service: Service;
}

async function prepare(env: NodeJS.ProcessEnv): Promise<Prepared> {
  try {
    const settings = readUpSettings(env);
    const folder = openDataFolder(settings.up.home);
    const loggerOf = createFileLogger(folder.log, settings.gate.logLevel);
    const redis = new PrivateRedis(folder, settings.up.redisMemoryBytes, loggerOf('redis'));
    const all = await createConstellation(folder, redis.url, loggerOf, settings);
    return {
      folder,
      all,
      service: new Service('up', loggerOf('up'), [new FolderLock(folder.home), redis, ...all.parts]),
    };
  } catch (error) {
    throw cannotStart(error);
  }
}

/** As in `run-main.ts`: the user sees the message of the error, and its stack is logged. */
function cannotStart(error: unknown, logger?: Logger): CouldNot {
  logger?.error({ event: 'up.start-failed', err: error }, 'chainr could not start');
  return new CouldNot(error instanceof Error ? error.message : String(error), { cause: error });
}

function printWelcome(terminal: Terminal, folder: DataFolder, { url, executorKind }: Constellation): void {
  print(terminal, `chainr ${version} on Node ${process.versions.node}`);
  for (const line of placeLines(url())) print(terminal, line);
  print(terminal, `  data  ${folder.home} (services log to chainr.log there)`);
  if (executorKind === 'docker') {
    print(terminal, '  Jobs run in Docker containers. To run them as processes, set CHAINR_EXECUTOR=process.');
  } else if (executorKind === 'kubernetes') {
    print(terminal, '  Jobs run as pods of the cluster and namespace that the kubeconfig names.');
  } else {
    print(terminal, '  Jobs run as processes on this machine: images are ignored and nothing is isolated.');
  }
}

/** The addresses for people. A browser cannot open 0.0.0.0. */
export function placeLines(url: string): string[] {
  if (url.startsWith('unix:'))
    return [`  API   curl --unix-socket ${url.slice('unix:'.length)} http://localhost/api/runs`];
  const here = url.replace(/^http:\/\/(?:0\.0\.0\.0|\[::\]):/, 'http://127.0.0.1:');
  const everywhere = here === url ? '' : ' (and on every address of this machine)';
  return [`  page  ${here}/${everywhere}`, `  API   ${here}/api`];
}

interface Stop {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** Resolves when everything has stopped. */
  readonly stopped: Promise<void>;
}

/** The first signal stops everything in order; a later one kills the running jobs. */
function onSignals(terminal: Terminal, { workers }: Constellation, stop: () => Promise<void>): Stop {
  const begun = new AbortController();
  let firstAt = 0;
  const stopped = new Promise<void>((resolve, reject) => {
    const onSignal = () => {
      if (begun.signal.aborted) {
        if (performance.now() - firstAt > sameSignalMs) for (const work of workers()) work.killAll();
        return;
      }
      firstAt = performance.now();
      begun.abort();
      const running = workers().reduce((sum, work) => sum + work.running, 0);
      const jobs = `${String(running)} running ${running === 1 ? 'job' : 'jobs'}`;
      if (running > 0)
        note(
          terminal,
          `\nStopping: ${jobs} may take a few seconds to end. They start again after the next start. Press Ctrl-C again to kill them.`,
        );
      else note(terminal, '\nStopping.');
      stop().then(resolve, reject);
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  });
  return { signal: begun.signal, stopped };
}
