import { createLogger, type Logger } from './logger.js';
import { StoppedWhileStarting, type Service } from './lifecycle.js';

/** The exit codes of a service's process. */
const exitCodes = { stopped: 0, crashed: 1, couldNotStart: 2 } as const;

/** Longer than any part's own deadline: the last resort if a stop hangs. */
const stopDeadlineMs = 30_000;

/**
 * Runs a service as a process of its own. The first SIGTERM or SIGINT stops it and the process exits with 0; a second
 * one exits at once with 1. If it cannot start, it prints one sentence to standard error and exits with 2. An uncaught
 * error is logged and exits with 1.
 *
 * @param create reads the environment; if it throws an Error, the service does not start
 */
export async function runMain(
  name: string,
  create: (env: NodeJS.ProcessEnv) => Service | Promise<Service>,
): Promise<void> {
  let logger: Logger = createLogger(name, 'info');
  let service: Service | undefined;
  let signals = 0;

  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1 || !service) process.exit(signals > 1 ? exitCodes.crashed : exitCodes.stopped);
    logger.info({ signal }, 'stopping');
    void stopAndExit(service, logger);
  };
  const onCrash = (error: unknown): void => {
    logger.fatal({ err: error }, 'stopping because of an uncaught error');
    process.exit(exitCodes.crashed);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  process.on('uncaughtException', onCrash).on('unhandledRejection', onCrash);

  try {
    service = await create(process.env);
    logger = service.logger;
    await service.start();
  } catch (error) {
    if (error instanceof StoppedWhileStarting) return;
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(exitCodes.couldNotStart);
  }
}

async function stopAndExit(service: Service, logger: Logger): Promise<void> {
  setTimeout(() => {
    logger.fatal({ deadlineMs: stopDeadlineMs }, 'did not stop in time');
    process.exit(exitCodes.crashed);
  }, stopDeadlineMs).unref();
  try {
    await service.stop();
    process.exit(exitCodes.stopped);
  } catch (error) {
    logger.error({ err: error }, 'did not stop cleanly');
    process.exit(exitCodes.crashed);
  }
}
