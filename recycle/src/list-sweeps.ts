import type { Sweep } from '@chainr/core/service/sweep';
import type { ArchiveContext, RecycleContext, RetentionContext } from './context.js';
import { archiveLogs } from './sweeps/archive-logs.js';
import { dropLibraries } from './sweeps/drop-libraries.js';
import { dropPools } from './sweeps/drop-pools.js';
import { expireDeadlines } from './sweeps/expire-deadlines.js';
import { expireLogs } from './sweeps/expire-logs.js';
import { expireRuns } from './sweeps/expire-runs.js';
import { failAttemptsOfLostHosts } from './sweeps/fail-attempts-of-lost-hosts.js';
import { redeliverMarks } from './sweeps/redeliver-marks.js';
import { removeObjects } from './sweeps/remove-objects.js';
import { resumeChunks } from './sweeps/resume-chunks.js';
import { resumeDeletions } from './sweeps/resume-deletions.js';
import { trimEvents } from './sweeps/trim-events.js';

/** All housekeeping of recycle. Workers do that of their executors. */
export function listSweeps(context: RecycleContext & RetentionContext & ArchiveContext): readonly Sweep[] {
  return [
    resumeChunks(context),
    expireDeadlines(context),
    failAttemptsOfLostHosts(context),
    redeliverMarks(context),
    resumeDeletions(context),
    expireRuns(context),
    expireLogs(context),
    archiveLogs(context),
    removeObjects(context),
    trimEvents(context),
    dropLibraries(context),
    dropPools(context),
  ];
}
