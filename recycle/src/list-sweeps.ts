import type { Sweep } from '@chainr/core/service/sweep';
import type { RecycleContext } from './context.js';
import { expireDeadlines } from './sweeps/expire-deadlines.js';
import { loseHosts } from './sweeps/lose-hosts.js';
import { redeliverMarks } from './sweeps/redeliver-marks.js';
import { resumeChunks } from './sweeps/resume-chunks.js';

/** All housekeeping that recycle does; workers do that of their executors. */
export function listSweeps(context: RecycleContext): readonly Sweep[] {
  return [resumeChunks(context), expireDeadlines(context), loseHosts(context), redeliverMarks(context)];
}
