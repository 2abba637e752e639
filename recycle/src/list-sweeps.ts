import type { Sweep } from '@chainr/core/service/sweep';
import type { RecycleContext } from './context.js';
import { redeliverMarks } from './sweeps/redeliver-marks.js';
import { resumeChunks } from './sweeps/resume-chunks.js';

/** All housekeeping that recycle does. */
export function listSweeps(context: RecycleContext): readonly Sweep[] {
  return [resumeChunks(context), redeliverMarks(context)];
}
