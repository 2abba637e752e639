import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Wake } from '../../wake.js';

/** How long lines are gathered. */
const gatherMs = 5;

/**
 * The kubelet sends each line by itself. What comes within a few milliseconds is taken together, since each batch costs
 * its reader a request. The stream holds some 64 KiB, and the kubelet waits when that is full.
 */
export async function* gatherParts(response: IncomingMessage): AsyncGenerator<Buffer, void, void> {
  const wake = new Wake();
  const notify = (): void => {
    wake.notify();
  };
  response.on('readable', notify).on('end', notify).on('close', notify).on('error', notify);
  for (;;) {
    const part = response.read() as Buffer | null;
    if (part) yield part;
    else if (response.errored) throw response.errored;
    else if (response.readableEnded) return;
    else if (response.destroyed) throw new Error('the connection of a log was closed before its end');
    else {
      await wake.next();
      await pause(gatherMs);
    }
  }
}
