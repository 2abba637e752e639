import { existsSync, writeFileSync } from 'node:fs';
import { faultPoints, type FaultHook } from '@chainr/core/engine/fault-points';
import { runMain } from '@chainr/core/service/run-main';
import { createService, readConfig } from '@chainr/work/service';

/*
 * A worker as a process of its own for fault tests. FAULT_POINT names the fault point at which it freezes (FAULT_DEED
 * is SIGSTOP), dies (SIGKILL) or waits until FAULT_MARKER.go exists (CUT), once. It creates the file FAULT_MARKER when
 * it gets there. Without these variables it is a normal worker.
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
    // A signal may need a moment to reach this thread, which would otherwise go on.
    sleep(50);
  };
}

const neverWoken = new Int32Array(new SharedArrayBuffer(4));

/** Nothing else of this process runs meanwhile. */
function sleep(ms: number): void {
  Atomics.wait(neverWoken, 0, 0, ms);
}

await runMain('work', (env) => createService(readConfig(env), { reach: reachOf() }));
