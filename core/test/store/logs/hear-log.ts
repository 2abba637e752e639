import { createLogger, type Logger } from '../../../src/service/logger.js';

export interface Heard {
  logger: Logger;
  /** Resolves when a line with this `event` was or is written. */
  until(event: string): Promise<void>;
  count(event: string): number;
}

/** A logger that tests can listen to. */
export function hearLog(): Heard {
  const events: (string | undefined)[] = [];
  const waiting = new Map<string, (() => void)[]>();
  const write = (line: string) => {
    const { event } = JSON.parse(line) as { event?: string };
    events.push(event);
    for (const resolve of waiting.get(event ?? '') ?? []) resolve();
  };
  return {
    logger: createLogger('test', 'debug', { write }),
    until: (event) =>
      events.includes(event)
        ? Promise.resolve()
        : new Promise((resolve) => waiting.set(event, [...(waiting.get(event) ?? []), resolve])),
    count: (event) => events.filter((each) => each === event).length,
  };
}
