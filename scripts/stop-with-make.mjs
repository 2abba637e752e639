/*
 * Loaded into `chainr up` by `make run`. Ctrl-C reaches both make and its child, and make passes on SIGTERM. But after a
 * SIGINT to make alone, make waits for its child for ever; and if make is killed, the child is not told. So this checks
 * twice a second whether make has dropped its handler of SIGINT or is gone, and then sends SIGINT to this process.
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

/** Whether make still has a handler of SIGINT; undefined if make is gone. Signal n is bit n - 1. */
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
      // There is no other listener yet: without this one the signal would end the process.
      process.removeListener(signal, note);
      process.kill(process.pid, signal);
    };
    process.on(signal, note);
  }
  // A shell starts background commands with SIGINT ignored; then make has no handler.
  const hadHandler = catchesInterrupt() === true;
  let due = false;
  const timer = setInterval(() => {
    const catches = catchesInterrupt();
    if (signaled) clearInterval(timer);
    else if (due) process.kill(process.pid, 'SIGINT');
    // Check once more: the signal of a Ctrl-C may still be on its way to this process.
    else due = catches === undefined || (hadHandler && !catches);
  }, everyMs);
  timer.unref();
}
