import type { RecycleContext } from './context.js';
import type { Sweep } from './sweep.js';
import { resumeChunks } from './sweeps/resume-chunks.js';

/** All housekeeping that recycle does. */
export function listSweeps(context: RecycleContext): readonly Sweep[] {
  return [resumeChunks(context)];
}
