import { createLogger, type Logger } from '../../../src/service/logger.js';
import { untilFound } from '@chainr/testkit/until-found';

export interface Heard {
  logger: Logger;
  /** Resolves when a line with this `event` was or is written. */
  until(event: string): Promise<void>;
  count(event: string): number;
}

/** A logger that tests can listen to. */
export function hearLog(): Heard {
  const events: (string | undefined)[] = [];
  const write = (line: string) => void events.push((JSON.parse(line) as { event?: string }).event);
  return {
    logger: createLogger('test', 'debug', { write }),
    until: async (event) => {
      await untilFound(
        `the event ${event} in the log`,
        () => events,
        (seen) => seen.includes(event),
      );
    },
    count: (event) => events.filter((each) => each === event).length,
  };
}
