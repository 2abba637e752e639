import { setTimeout as pause } from 'node:timers/promises';
import { Wake } from '../../wake.js';
import type { AnswerStream } from '../api/api-client.js';

/** How long lines are gathered. */
const gatherMs = 5;
/** A log that has nothing more to give for now is silent for this long. */
const silentMs = 1_000;

/**
 * The kubelet sends each line by itself. What comes within a few milliseconds is taken together, since each batch costs
 * its reader a request. The stream holds some 64 KiB, and the kubelet waits when that is full. An empty part says that
 * nothing came for a while.
 */
export async function* gatherParts(response: AnswerStream): AsyncGenerator<Buffer, void, void> {
  const wake = new Wake();
  const notify = (): void => {
    wake.notify();
  };
  response.on('readable', notify).on('end', notify).on('close', notify).on('error', notify);
  const silent = { is: false };
  const silence = setTimeout(() => {
    silent.is = true;
    notify();
  }, silentMs);
  try {
    for (;;) {
      const part = response.read() as Buffer | null;
      if (part) {
        silent.is = false;
        silence.refresh();
        yield part;
      } else if (response.errored) throw response.errored;
      else if (response.readableEnded) return;
      else if (response.destroyed) throw new Error('the connection of a log was closed before its end');
      else if (silent.is) {
        silent.is = false;
        yield Buffer.alloc(0);
      } else {
        await wake.next();
        await pause(gatherMs);
      }
    }
  } finally {
    clearTimeout(silence);
  }
}
