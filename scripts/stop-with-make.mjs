/*
 * Loaded into `chainr up` by `make run`. Ctrl-C reaches make and what it runs alike, and make passes
 * SIGTERM on; but of a SIGINT sent to make alone it only takes note and then waits for its child, for
 * ever, and one that was killed tells nobody. So this looks twice a second whether make has used up
 * its handler of SIGINT, or is gone, and then gives this process the SIGINT that it did not get.
 */
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const make = process.ppid;
const everyMs = 500;

/** @param {string} file */
const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** Whether make still has a handler of SIGINT; undefined when make is gone. Signal n is bit n - 1. */
const catchesInterrupt = () => {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(read(`/proc/${make}/status`))?.[1];
  return caught === undefined || process.ppid !== make ? undefined : (BigInt(`0x${caught}`) & 2n) !== 0n;
};

if (isMainThread && read(`/proc/${make}/comm`).trim() === 'make') {
  let signaled = false;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    const note = () => {
      signaled = true;
      if (process.listenerCount(signal) > 1) return;
      // Nobody else listens yet: without this listener the signal would have ended the process.
      process.removeListener(signal, note);
      process.kill(process.pid, signal);
    };
    process.on(signal, note);
  }
  // A shell starts what it puts in the background with SIGINT ignored; then make has no handler to lose.
  const hadHandler = catchesInterrupt() === true;
  let due = false;
  const timer = setInterval(() => {
    const catches = catchesInterrupt();
    if (signaled) clearInterval(timer);
    else if (due) process.kill(process.pid, 'SIGINT');
    // One more look, since the signal of a Ctrl-C may still be on its way to this process.
    else due = catches === undefined || (hadHandler && !catches);
  }, everyMs);
  timer.unref();
}
