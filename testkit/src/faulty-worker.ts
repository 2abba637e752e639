import { existsSync, writeFileSync } from 'node:fs';
import { faultPoints, type FaultHook } from '@chainr/core/engine/fault-points';
import { runMain } from '@chainr/core/service/run-main';
import { createService, readConfig } from '@chainr/work/service';

/*
 * A worker as a process of its own that tests harm. FAULT_POINT says at which fault point it freezes (FAULT_DEED is
 * SIGSTOP), dies (SIGKILL) or stands still until FAULT_MARKER.go is there (CUT), once; FAULT_MARKER names the file that
 * tells that it is there. Without them it is a worker as any other.
 */
const { FAULT_POINT, FAULT_DEED, FAULT_MARKER } = process.env;

function reachOf(): FaultHook {
  if (FAULT_POINT === undefined || FAULT_MARKER === undefined) return () => undefined;
  const wanted = faultPoints.find((point) => point === FAULT_POINT);
  if (!wanted) throw new Error(`there is no fault point ${FAULT_POINT}`);
  let isOver = false;
  return (point) => {
    if (isOver || point !== wanted) return;
    isOver = true;
    writeFileSync(FAULT_MARKER, point);
    if (FAULT_DEED === 'CUT') while (!existsSync(`${FAULT_MARKER}.go`)) sleep(5);
    else process.kill(process.pid, FAULT_DEED === 'SIGKILL' ? 'SIGKILL' : 'SIGSTOP');
    // A signal may need a moment to reach this thread, in which it would go on.
    sleep(50);
  };
}

const neverWoken = new Int32Array(new SharedArrayBuffer(4));

/** Nothing else of this process runs meanwhile. */
function sleep(ms: number): void {
  Atomics.wait(neverWoken, 0, 0, ms);
}

await runMain('work', (env) => createService(readConfig(env), { reach: reachOf() }));
