import { z } from 'zod';
import { jobNameSchema, runUidSchema } from './field-schemas.js';

export const json = ['application/json'] as const;
export const ndjson = 'application/x-ndjson';
export const plainText = 'text/plain';
export const octetStream = 'application/octet-stream';

export const nothing = z.strictObject({});
export const ofRun = z.object({ uid: runUidSchema });
export const ofJob = z.object({ uid: runUidSchema, job: jobNameSchema });

/** The most jobs of a run in one answer: for a single run, and in a list of runs. */
export const jobsShown = { alone: 1000, inLists: 100 } as const;
