import { z } from 'zod';
import { jobNameSchema, runUidSchema } from './field-schemas.js';

export const json = ['application/json'] as const;
export const ndjson = 'application/x-ndjson';
export const plainText = 'text/plain';
export const octetStream = 'application/octet-stream';

export const nothing = z.strictObject({});
export const ofRun = z.object({ uid: runUidSchema });
export const ofJob = z.object({ uid: runUidSchema, job: jobNameSchema });

/** How many jobs of a run one answer shows at most: alone, and in a list of runs. */
export const jobsShown = { alone: 1000, inLists: 100 } as const;
