import { writeFileSync } from 'node:fs';
import { faultPoints, type Reach } from '@chainr/core/model/fault-points';
import { runMain } from '@chainr/core/service/run-main';
import { createService, readConfig } from '@chainr/work/service';

/*
 * A worker as a process of its own that freezes or dies at a fault point, once: FAULT_POINT says where, FAULT_SIGNAL by
 * which signal, and FAULT_MARKER names the file that tells that it is there. Without them it is a worker as any other.
 */
const { FAULT_POINT, FAULT_SIGNAL, FAULT_MARKER } = process.env;

function reachOf(): Reach {
  if (FAULT_POINT === undefined || FAULT_MARKER === undefined) return () => undefined;
  const wanted = faultPoints.find((point) => point === FAULT_POINT);
  if (!wanted) throw new Error(`there is no fault point ${FAULT_POINT}`);
  const signal = FAULT_SIGNAL === 'SIGKILL' ? 'SIGKILL' : 'SIGSTOP';
  let isOver = false;
  return (point) => {
    if (isOver || point !== wanted) return;
    isOver = true;
    writeFileSync(FAULT_MARKER, point);
    process.kill(process.pid, signal);
  };
}

await runMain('work', (env) => createService(readConfig(env), { reach: reachOf() }));
