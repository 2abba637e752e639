/**
 * Loaded into a service before its own code (`--import`). It answers each message with the longest time since the last
 * one in which the event loop ran no timer: `LoopBlock` of `measure-event-loop.ts`. It is JavaScript, since the compiled
 * services run without TypeScript.
 */
import { openSync, readSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** The precision of the result. */
const lookEveryMs = 5;

/** The first number of schedstat is the time on a processor, in nanoseconds (Linux, Documentation/scheduler/sched-stats). */
function openThreadCpu() {
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const bytes = Buffer.alloc(64);
  return () => Number(bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0)).split(' ')[0]) / 1e6;
}

function watch() {
  const cpuMs = openThreadCpu();
  let longest = { ms: 0, cpuMs: 0 };
  let [seenAt, used] = [performance.now(), cpuMs()];
  setInterval(() => {
    const [now, usedNow] = [performance.now(), cpuMs()];
    if (now - seenAt > longest.ms) longest = { ms: now - seenAt, cpuMs: usedNow - used };
    [seenAt, used] = [now, usedNow];
  }, lookEveryMs).unref();
  process.on('message', () => {
    process.send(longest);
    longest = { ms: 0, cpuMs: 0 };
  });
  process.channel.unref();
}

if (isMainThread && process.send) watch();
